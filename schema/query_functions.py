"""The functions that a question to a database may use: those that only compute, by name; all others are refused.

A list of what is dangerous is never whole: extensions bring functions that run text as SQL, and every version brings
more. What is missing here and only computes may be added. https://www.postgresql.org/docs/current/functions.html,
https://www.sqlite.org/lang_corefunc.html, https://duckdb.org/docs/stable/sql/functions/overview, seen 2026-11-23.
"""

from collections.abc import Mapping
from typing import Final


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# The parser's own names, which stand for one function under all the names that the databases give it.
_PARSED: Final = _names(
    """
    abs acos acosh add_months and any_value approx_distinct approx_quantile approx_quantiles arg_max arg_min array
    array_agg array_all array_any array_append array_compact array_concat array_concat_agg array_contained_by
    array_contains array_contains_all array_distinct array_except array_first array_intersect array_last array_max
    array_min array_overlaps array_position array_prepend array_remove array_reverse array_size array_slice array_sort
    array_sum array_to_string array_union_agg array_unique_agg ascii asin asinh atan atan2 atanh avg bit_length
    bitwise_and_agg bitwise_count bitwise_or_agg bitwise_xor_agg byte_length case cast cbrt ceil chr coalesce collate
    columns concat concat_ws contains corr cos cosh cot count count_if covar_pop covar_samp cume_dist current_date
    current_datetime current_time current_timestamp date date_add date_bin date_from_parts date_sub date_trunc datediff
    datetime datetime_add datetime_diff datetime_sub datetime_trunc day day_of_month day_of_week day_of_year dayname
    dayofweek_iso degrees dense_rank div ends_with exists exp explode exploding_generate_series extract factorial filter
    first first_value flatten floor format from_base64 generate_date_array generate_series generate_timestamp_array
    greatest group_concat grouping grouping_id hex hour if initcap is_inf is_nan is_null_value j_s_o_n_array
    j_s_o_n_array_agg j_s_o_n_b_contains_all_top_keys j_s_o_n_b_contains_any_top_keys j_s_o_n_b_contains_top_key
    j_s_o_n_b_object_agg j_s_o_n_b_path_exists j_s_o_n_cast j_s_o_n_exists j_s_o_n_object j_s_o_n_object_agg
    j_s_o_n_table json_array_contains json_extract json_extract_array json_extract_scalar json_keys json_remove json_set
    json_strip_nulls json_type jsonb_contains jsonb_exists jsonb_extract jsonb_extract_scalar justify_days justify_hours
    justify_interval kurtosis lag last last_day last_value lead least left length levenshtein list ln localtime
    localtimestamp log logical_and logical_or lower make_interval map map_keys map_size max md5 md5_digest median min
    minute mode month monthname months_between nanvl negative normalize nth_value ntile nullif number_to_str nvl2 or
    overlay parse_json percent_rank percentile_cont percentile_disc pi posexplode power quantile quarter radians rand
    rank reduce regexp_count regexp_extract regexp_extract_all regexp_full_match regexp_i_like regexp_instr regexp_like
    regexp_replace regexp_split regexp_substr regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
    regr_sxy regr_syy replace reverse right rint round row_number s_h_a1_digest s_h_a2_digest safe_divide second sha
    sha2 sign sin sinh skewness soundex split split_part sqrt starts_with stddev stddev_pop stddev_samp str_position
    str_to_date str_to_time str_to_unix string string_to_array struct struct_extract substring sum tan tanh time
    time_add time_diff time_from_parts time_str_to_date time_str_to_time time_str_to_unix time_sub time_to_str
    time_to_unix time_trunc timestamp timestamp_add timestamp_from_parts timestamp_sub timestamp_trunc timestampdiff
    to_array to_base64 to_char to_number transform translate trim trunc try try_cast ts_or_ds_add ts_or_ds_diff
    ts_or_ds_to_date ts_or_ds_to_datetime ts_or_ds_to_time ts_or_ds_to_timestamp typeof unhex unicode unix_date
    unix_micros unix_millis unix_seconds unix_to_str unix_to_time unnest upper utc_date utc_time utc_timestamp variance
    variance_pop week week_of_year week_start width_bucket xor year year_of_week year_of_week_iso
    """
)
_POSTGRESQL: Final = _names(
    """
    acosd age array_dims array_fill array_length array_lower array_ndims array_positions array_replace array_upper asind
    atan2d atand bit_and bit_or bit_xor bool bool_and bool_or btrim cardinality char_length character_length
    clock_timestamp cosd cotd date_part decode encode erf erfc every float4 float8 gcd get_bit get_byte int2 int4 int8
    isempty isfinite json_agg json_array_elements json_array_elements_text json_array_length json_build_array
    json_build_object json_each json_each_text json_extract_path json_extract_path_text json_object json_object_agg
    json_object_keys json_to_record json_to_recordset json_typeof jsonb_agg jsonb_array_elements
    jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each jsonb_each_text
    jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_agg jsonb_object_keys
    jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first jsonb_pretty
    jsonb_set jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof lcm lower_inc lower_inf ltrim make_date
    make_time make_timestamp make_timestamptz min_scale mod now num_nonnulls num_nulls numeric numrange int4range
    int8range daterange tsrange tstzrange octet_length pg_sleep pg_typeof quote_literal random range_agg
    range_intersect_agg range_merge regexp_match regexp_matches regexp_split_to_array regexp_split_to_table rtrim scale
    set_bit sha224 sha256 sha384 sha512 sind statement_timestamp string_agg strpos tand text timeofday timestamptz
    to_date to_hex to_json to_jsonb to_timestamp transaction_timestamp trim_array trim_scale row_to_json array_to_json
    trunc unistr upper_inc upper_inf xmlagg date_add date_subtract array_sample array_shuffle
    """
)
_SQLITE: Final = _names(
    """
    char glob iif ifnull instr json json_array json_array_length json_each json_error_position json_group_array
    json_group_object json_insert json_object json_patch json_quote json_replace json_tree json_valid jsonb julianday
    like likelihood likely ltrim mod octet_length percentile percentile_cont percentile_disc printf quote random rtrim
    sqlite_version strftime string_agg substr timediff total trunc unicode unistr unixepoch unlikely
    """
)
_DUCKDB: Final = _names(
    """
    age aggregate apply approx_count_distinct array_aggregate array_apply array_cross_product array_distance array_value
    base64 bar bin bit_and bit_or bit_xor bool_and bool_or century date_diff date_part date_sub datepart datesub decade
    editdist3 element_at entropy epoch epoch_ms epoch_ns epoch_us era even favg fdiv fmod formatreadablesize
    fsum gamma gcd geomean geometric_mean greatest_common_divisor hamming hash histogram isfinite isinf isnan isodow
    isoyear jaccard jaro_similarity jaro_winkler_similarity json_array_length json_each json_tree json_extract_path
    json_extract_path_text json_extract_string json_group_array json_group_object json_group_structure json_merge_patch
    json_object json_quote json_structure json_transform json_transform_strict json_valid json_value kahan_sum
    kurtosis_pop lcm least_common_multiple len lgamma list_aggregate list_any_value list_append list_apply list_avg
    list_cat list_concat list_contains list_count list_distinct list_element list_extract list_filter list_first
    list_grade_up list_has list_has_all list_has_any list_histogram list_indexof list_intersect list_last list_max
    list_median list_min list_position list_prepend list_product list_reduce list_resize list_reverse list_reverse_sort
    list_select list_slice list_sort list_stddev_pop list_stddev_samp list_string_agg list_sum list_transform
    list_unique list_value list_var_pop list_var_samp list_where list_zip ltrim mad make_date make_time make_timestamp
    map_contains map_entries map_extract map_from_entries map_values microsecond millennium millisecond mod nanosecond
    nextafter now ord prefix product quantile_cont quantile_disc random range regexp_matches
    regexp_split_to_array regexp_split_to_table reservoir_quantile row rtrim sem setbit signbit strftime string_agg
    strip_accents strptime struct_insert struct_pack suffix sumkahan timezone to_centuries to_days to_decades to_hours
    to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks
    to_years today trunc try_strptime var_pop var_samp weekday yearweek
    """
)

ALLOWED: Final[Mapping[str, frozenset[str]]] = {
    "sqlite": _PARSED | _SQLITE,
    "postgresql": _PARSED | _POSTGRESQL,
    "duckdb": _PARSED | _DUCKDB,
}
