"""Which properties each interactive element may have; Slack refuses every other one by name.

Source: docs.slack.dev/reference/block-kit/block-elements, seen 2026-11-23, and the attributes that slack_sdk 3.47 knows.
"""

_ALWAYS = {"type", "action_id"}
_INTERACTIVE = _ALWAYS | {"confirm", "focus_on_load"}
_SELECT = _INTERACTIVE | {"placeholder"}
_TYPED = _ALWAYS | {"placeholder", "focus_on_load", "initial_value", "dispatch_action_config"}
_MANY = _SELECT | {"max_selected_items"}
_STATIC = {"options", "option_groups"}
_CONVERSATIONS = {"default_to_current_conversation", "filter"}

ELEMENT_FIELDS: dict[str, set[str]] = {
    "button": _ALWAYS
    | {"text", "url", "value", "style", "confirm", "accessibility_label"}
    | {"agent_prompt", "agent_prompt_display", "visible_to_user_ids"},
    "overflow": _ALWAYS | {"options", "confirm"},
    "checkboxes": _INTERACTIVE | {"options", "initial_options"},
    "radio_buttons": _INTERACTIVE | {"options", "initial_option"},
    "datepicker": _SELECT | {"initial_date"},
    "timepicker": _SELECT | {"initial_time", "timezone"},
    "datetimepicker": _INTERACTIVE | {"initial_date_time"},
    "plain_text_input": _TYPED | {"multiline", "min_length", "max_length"},
    "url_text_input": _TYPED,
    "email_text_input": _TYPED,
    "number_input": _TYPED | {"is_decimal_allowed", "min_value", "max_value"},
    "rich_text_input": _TYPED | {"min_lines", "max_lines"},
    "file_input": _ALWAYS | {"filetypes", "max_files"},
    "static_select": _SELECT | _STATIC | {"initial_option"},
    "external_select": _SELECT | {"initial_option", "min_query_length"},
    "users_select": _SELECT | {"initial_user"},
    "channels_select": _SELECT | {"initial_channel", "response_url_enabled"},
    "conversations_select": _SELECT | _CONVERSATIONS | {"initial_conversation", "response_url_enabled"},
    "multi_static_select": _MANY | _STATIC | {"initial_options"},
    "multi_external_select": _MANY | {"initial_options", "min_query_length"},
    "multi_users_select": _MANY | {"initial_users"},
    "multi_channels_select": _MANY | {"initial_channels"},
    "multi_conversations_select": _MANY | _CONVERSATIONS | {"initial_conversations"},
}
