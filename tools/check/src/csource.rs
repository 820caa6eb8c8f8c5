//! Just enough of C's lexical rules to look for words in a source file.

/// The text with comments, strings and character constants blanked out; line
/// breaks stay where they are.
pub(crate) fn code_only(source: &str) -> String {
    let mut code = String::with_capacity(source.len());
    let mut chars = source.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '/' if chars.peek() == Some(&'*') => {
                chars.next();
                let mut before = ' ';
                for inside in chars.by_ref() {
                    if inside == '\n' {
                        code.push('\n');
                    }
                    if before == '*' && inside == '/' {
                        break;
                    }
                    before = inside;
                }
                code.push(' ');
            }
            '/' if chars.peek() == Some(&'/') => {
                for inside in chars.by_ref() {
                    if inside == '\n' {
                        code.push('\n');
                        break;
                    }
                }
            }
            '"' | '\'' => {
                while let Some(inside) = chars.next() {
                    match inside {
                        '\\' => {
                            chars.next();
                        }
                        '\n' => code.push('\n'),
                        _ if inside == c => break,
                        _ => {}
                    }
                }
                code.push_str("\"\"");
            }
            _ => code.push(c),
        }
    }
    code
}

/// Identifiers that an opening parenthesis follows.
pub(crate) fn called_names(code: &str) -> impl Iterator<Item = &str> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    code.split('(').filter_map(move |before| {
        let before = before.trim_end();
        let start =
            before.rfind(|c| !word(c)).map_or(0, |last| last + before[last..].chars().next().map_or(1, char::len_utf8));
        let name = &before[start..];
        (!name.is_empty() && !name.starts_with(|c: char| c.is_ascii_digit())).then_some(name)
    })
}

/// The words after `key:` in the first comment that has such a line.
pub(crate) fn directive<'a>(source: &'a str, key: &str) -> Option<&'a str> {
    source.lines().find_map(|line| {
        let text = line.trim_start().trim_start_matches("/*").trim_start_matches('*').trim_start();
        let rest = text.strip_prefix(key)?.strip_prefix(':')?;
        Some(rest.trim_end().trim_end_matches("*/").trim())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_and_strings_are_no_code() {
        let code = code_only("a /* b(\n */ c(\"d(\\\"\", 'e') // f(\ng (1)\n");
        let names: Vec<&str> = called_names(&code).collect();
        assert_eq!(names, ["c", "g"]);
        assert_eq!(code.lines().count(), 3);
    }

    #[test]
    fn directives_are_read_from_comments() {
        let source = "/* Description: x */\n/* flavours: plain defer */\n * link: shared\n";
        assert_eq!(directive(source, "flavours"), Some("plain defer"));
        assert_eq!(directive(source, "link"), Some("shared"));
        assert_eq!(directive(source, "cflags"), None);
    }
}
