//! Rust documentation as C comments.

const WIDTH: usize = 80;
const TAB: usize = 8;

/// Documentation as a raw block, which [`wrap_all`] brings into shape later.
pub(crate) fn block(docs: &[String], indent: &str) -> String {
    if docs.is_empty() {
        return String::new();
    }
    let mut text = format!("{indent}/**\n");
    for line in docs {
        text += &format!("{indent} * {line}\n");
    }
    text + indent + " */\n"
}

/// Formats every block that [`block`] or cbindgen wrote. The fragments' own comments begin with one asterisk and
/// stay as they are.
pub(crate) fn wrap_all(text: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        let code = line.trim_start();
        if !code.starts_with("/**") {
            result += line;
            result.push('\n');
            continue;
        }
        let indent = &line[..line.len() - code.len()];
        let mut body = Vec::new();
        let mut rest = &code[3..];
        loop {
            match rest.split_once("*/") {
                Some((last, _)) => {
                    body.push(last);
                    break;
                }
                None => body.push(rest),
            }
            match lines.next() {
                Some(line) => {
                    let line = line.trim_start();
                    rest = line.strip_prefix('*').filter(|_| !line.starts_with("*/")).unwrap_or(line);
                }
                None => break,
            }
        }
        result += &wrap(&paragraphs(&body), indent);
    }
    result
}

/// Joins lines to paragraphs; list items stay apart.
fn paragraphs(lines: &[&str]) -> Vec<String> {
    let mut paragraphs: Vec<String> = Vec::new();
    let mut open = false;
    for line in lines {
        let line = plain(line.trim());
        if line.is_empty() {
            open = false;
        } else if open && !line.starts_with("- ") {
            let last = paragraphs.len() - 1;
            paragraphs[last] += &format!(" {line}");
        } else {
            paragraphs.push(line);
            open = true;
        }
    }
    paragraphs
}

/// Markdown without its marks: code spans, and links with and without a target.
fn plain(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(at) = rest.find(['`', '[']) {
        text += &rest[..at];
        let tail = &rest[at + 1..];
        rest = match (rest.as_bytes()[at], tail.split_once(']')) {
            (b'[', Some((inside, behind)))
                if !inside.is_empty() && !inside.starts_with(|c: char| c.is_ascii_digit()) =>
            {
                text += &plain(inside);
                match behind.strip_prefix('(').and_then(|link| link.split_once(')')) {
                    Some((_, behind)) => behind,
                    None => behind,
                }
            }
            (b'[', _) => {
                text.push('[');
                tail
            }
            _ => tail,
        };
    }
    text + rest
}

/// Paragraphs as a comment of at most [`WIDTH`] columns.
fn wrap(paragraphs: &[String], indent: &str) -> String {
    let room = WIDTH - indent.matches('\t').count() * TAB;
    if let [only] = paragraphs {
        if only.len() + "/*  */".len() <= room {
            return format!("{indent}/* {only} */\n");
        }
    }
    let mut text = format!("{indent}/*\n");
    for (number, paragraph) in paragraphs.iter().enumerate() {
        if number > 0 && !paragraph.starts_with("- ") {
            text += &format!("{indent} *\n");
        }
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && line.len() + 1 + word.len() + " * ".len() > room {
                text += &format!("{indent} * {line}\n");
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line += word;
        }
        text += &format!("{indent} * {line}\n");
    }
    text + indent + " */\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_comment_takes_one_line() {
        assert_eq!(wrap_all("\t/**\n\t * Bytes, see [`io_uring_sqe`].\n\t */\n"), "\t/* Bytes, see io_uring_sqe. */\n");
    }

    #[test]
    fn paragraphs_are_joined_and_wrapped() {
        let docs = ["word ".repeat(20), String::new(), "Second.".into()];
        let text = wrap_all(&block(&docs, ""));
        assert!(text.lines().all(|line| line.len() <= WIDTH), "{text}");
        assert!(text.ends_with(" word\n *\n * Second.\n */\n"), "{text}");
    }

    #[test]
    fn other_comments_and_brackets_stay() {
        let code = "/* a `b` [c] */\nint a[3];\n";
        assert_eq!(wrap_all(code), code);
        assert_eq!(plain("[`a`](b) c[2] `[d]`"), "a c[2] d");
    }
}
