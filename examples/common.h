/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the examples share and io_uring has no part in. */
#ifndef EXAMPLES_COMMON_H
#define EXAMPLES_COMMON_H

#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double seconds_since(const struct timespec *start)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start->tv_sec) +
	       (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

static inline double megabytes_per_second(uint64_t bytes, double seconds)
{
	return seconds > 0 ? (double)bytes / 1e6 / seconds : 0;
}

/* Accepts 1 to limit, with K and M for 2^10 and 2^20. */
static inline bool parse_number(const char *text, unsigned int limit,
				unsigned int *value)
{
	unsigned long long number, unit = 1;
	char *end;

	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || end == text)
		return false;
	if (*end == 'K' || *end == 'k') {
		unit = 1ull << 10;
		end++;
	} else if (*end == 'M' || *end == 'm') {
		unit = 1ull << 20;
		end++;
	}
	/* A minus sign ends up here too: as a number above any limit. */
	if (*end || !number || number > limit / unit)
		return false;
	*value = (unsigned int)(number * unit);
	return true;
}

/* A number, or a text where that is set. */
struct option_row {
	const char *name;
	unsigned int limit;
	/* These hold the default until the option is given. */
	unsigned int *number;
	const char **text;
	const char *help;
};

#define MAX_OPTIONS 8

static inline void options_usage(FILE *out, const char *program,
				 const char *operands,
				 const struct option_row *table)
{
	fprintf(out, "usage: %s [options]%s\n", program, operands);
	for (; table->name; table++) {
		fprintf(out, "  -%c, --%-12s %c  %s", table->name[0],
			table->name, table->text ? 'X' : 'N', table->help);
		if (table->text)
			fputc('\n', out);
		else
			fprintf(out, " (%u)\n", *table->number);
	}
}

/*
 * The short form of each option is its first letter. Operands begin at optind;
 * where the text that names them is empty there must be none. Returns -1 to go
 * on, or the exit status.
 */
static inline int parse_option_table(int argc, char **argv,
				     const char *program, const char *operands,
				     const struct option_row *table)
{
	struct option names[MAX_OPTIONS + 2] = {
		{ "help", no_argument, NULL, 'h' },
	};
	char letters[2 * MAX_OPTIONS + 2] = "h";
	bool good = true;
	int letter;

	for (int i = 0; table[i].name && i < MAX_OPTIONS; i++) {
		names[i + 1].name = table[i].name;
		names[i + 1].has_arg = required_argument;
		names[i + 1].val = table[i].name[0];
		letters[2 * i + 1] = table[i].name[0];
		letters[2 * i + 2] = ':';
	}
	while ((letter = getopt_long(argc, argv, letters, names, NULL)) != -1) {
		const struct option_row *row = table;

		if (letter == 'h') {
			options_usage(stdout, program, operands, table);
			return 0;
		}
		while (row->name && row->name[0] != letter)
			row++;
		if (row->text)
			*row->text = optarg;
		else
			good &= row->name &&
				parse_number(optarg, row->limit, row->number);
	}
	if (good && (*operands || optind == argc))
		return -1;
	options_usage(stderr, program, operands, table);
	return 2;
}

#endif
