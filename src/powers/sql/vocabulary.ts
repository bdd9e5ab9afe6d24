import type { Dialect } from './dialect.ts';

/**
 * The functions that every holder may call unless its narrowing says less: none reads or changes
 * anything but its arguments and the clock, and none makes a large value of a small one by a
 * number, as `repeat` and `zeroblob` do.
 */
export const FUNCTIONS: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  postgres: words(`
    count sum avg min max bool_and bool_or every string_agg array_agg json_agg jsonb_agg
    json_object_agg jsonb_object_agg stddev stddev_pop stddev_samp variance var_pop var_samp
    corr percentile_cont percentile_disc mode
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value
    abs ceil ceiling floor round trunc sign sqrt power exp ln log mod div random
    lower upper initcap length char_length character_length octet_length btrim ltrim rtrim substr
    substring left right replace translate reverse split_part strpos position starts_with concat
    concat_ws ascii chr md5 regexp_replace regexp_match like_escape overlay
    to_char to_number to_date to_timestamp now date_trunc date_part extract age make_date
    make_time make_timestamp timezone justify_days justify_hours justify_interval
    transaction_timestamp statement_timestamp clock_timestamp
    to_json to_jsonb row_to_json json_build_object jsonb_build_object json_build_array
    jsonb_build_array json_array_length jsonb_array_length json_extract_path jsonb_extract_path
    json_extract_path_text jsonb_extract_path_text json_typeof jsonb_typeof jsonb_set
    jsonb_strip_nulls json_strip_nulls
    array_length array_position array_to_string cardinality num_nulls num_nonnulls
    gen_random_uuid encode decode
  `),
  sqlite: words(`
    count sum total avg min max group_concat string_agg json_group_array json_group_object
    row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value
    nth_value
    abs ceil ceiling floor round trunc sign sqrt pow power exp ln log log10 log2 mod random
    lower upper length octet_length trim btrim ltrim rtrim substr substring replace instr unicode
    char hex ifnull iif typeof like_escape
    date time datetime julianday strftime unixepoch
    json json_array json_array_length json_extract json_object json_type json_valid json_set
    json_insert json_replace json_remove json_patch json_quote
  `),
};

/** Functions that may stand in FROM. */
export const TABLE_FUNCTIONS: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  postgres: words(`generate_series unnest json_array_elements jsonb_array_elements
    json_array_elements_text jsonb_array_elements_text json_each jsonb_each json_each_text
    jsonb_each_text json_object_keys jsonb_object_keys regexp_split_to_table`),
  sqlite: words('json_each json_tree'),
};

/** What the parser calls a function, when SQLite calls it otherwise. */
export const SQLITE_NAMES: ReadonlyMap<string, string> = new Map([
  ['btrim', 'trim'],
  ['substring', 'substr'],
]);

export const OPERATORS: Readonly<Record<Dialect, ReadonlySet<string>>> = {
  postgres: words(`= <> < <= > >= + - * / % ^ || & | # << >> ~ ~* !~ !~* -> ->> #> #>> @> <@ ? ?|
    ?& && @`),
  sqlite: words('= <> < <= > >= + - * / % || & | << >> -> ->>'),
};

/** Signs that may stand before one operand. */
export const PREFIXES: ReadonlySet<string> = words('+ - ~');

/** Types that a value may be cast to, by the name that the parser gives them. */
export const TYPES: Readonly<Record<Dialect, ReadonlyMap<string, string>>> = {
  postgres: new Map(
    [
      ...words(`int2 int4 int8 numeric float4 float8 bool text varchar bpchar date time timetz
        timestamp timestamptz interval uuid json jsonb bytea`),
    ].map((name) => [name, `pg_catalog."${name}"`]),
  ),
  sqlite: new Map([
    ['int2', 'INTEGER'],
    ['int4', 'INTEGER'],
    ['int8', 'INTEGER'],
    ['numeric', 'NUMERIC'],
    ['float4', 'REAL'],
    ['float8', 'REAL'],
    ['text', 'TEXT'],
    ['varchar', 'TEXT'],
    ['bpchar', 'TEXT'],
    ['blob', 'BLOB'],
    ['bytea', 'BLOB'],
  ]),
};

/** Types whose length or precision may be given in brackets. */
export const SIZED_TYPES: ReadonlySet<string> = words('numeric varchar bpchar');

function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}
