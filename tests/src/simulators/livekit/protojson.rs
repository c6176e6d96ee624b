//! The two JSON forms of a protobuf message. Here, messages are written in camelCase with every field.

use serde_json::Value;

/// As API calls answer: `snake_case`, with the defaults.
pub(super) fn in_answer(message: Value) -> Value {
    match message {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (snake_case(&name), in_answer(value))).collect()
        }
        Value::Array(values) => values.into_iter().map(in_answer).collect(),
        value => value,
    }
}

/// As webhooks tell: camelCase, without what is zero or empty.
pub(super) fn in_webhook(message: Value) -> Value {
    match message {
        Value::Object(fields) => {
            let fields = fields.into_iter().map(|(name, value)| (name, in_webhook(value)));
            fields.filter(|(_, value)| !is_zero(value)).collect()
        }
        Value::Array(values) => values.into_iter().map(in_webhook).collect(),
        value => value,
    }
}

/// A 64-bit integer is a text.
pub(super) fn int64(number: i64) -> Value {
    Value::String(number.to_string())
}

fn is_zero(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty() || text == "0",
        Value::Array(values) => values.is_empty(),
        Value::Bool(true) | Value::Object(_) => false,
    }
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}
