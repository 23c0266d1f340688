//! Whether lines of JSON are what a schema of `docs` says. It knows the few keywords that they use, and
//! fails at any other, so that no schema says more than is held.

use serde_json::{Map, Value};

use crate::text::Result;

/// Checks `count` lines against `docs/NAME.schema.json`.
pub fn check(name: &str, count: usize, lines: &[u8]) -> Result<()> {
    let file = format!("{}/../../docs/{name}.schema.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).map_err(|error| format!("{file}: {error}"))?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| format!("{file}: {error}"))?;
    let lines = std::str::from_utf8(lines).map_err(|_| "stdout is no UTF-8".to_owned())?;
    let found = lines.lines().count();
    if found != count {
        return Err(format!("there are {found} objects, not {count}"));
    }
    for line in lines.lines() {
        let value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
        fits(&schema, &value).map_err(|why| format!("{line}: {why}"))?;
    }
    Ok(())
}

fn fits(schema: &Value, value: &Value) -> Result<()> {
    let schema = schema.as_object().ok_or("a schema is an object")?;
    for (keyword, wanted) in schema {
        let held = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => one_or_all(wanted).iter().any(|name| is_of_type(value, name)),
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "minimum" => value.as_f64().is_none_or(|value| Some(value) >= wanted.as_f64()),
            "required" => one_or_all(wanted).iter().all(|key| value.get(key).is_some()),
            "additionalProperties" => *wanted == Value::Bool(false) && has_only(schema, value),
            "properties" => members_fit(wanted, value)?,
            other => return Err(format!("the check knows no {other}")),
        };
        if !held {
            return Err(format!("against {keyword} {wanted}"));
        }
    }
    Ok(())
}

fn members_fit(properties: &Value, value: &Value) -> Result<bool> {
    for (key, schema) in properties.as_object().into_iter().flatten() {
        if let Some(member) = value.get(key) {
            fits(schema, member).map_err(|why| format!("{key} is {why}"))?;
        }
    }
    Ok(true)
}

fn has_only(schema: &Map<String, Value>, value: &Value) -> bool {
    let known = |key: &String| schema.get("properties").is_some_and(|all| all.get(key).is_some());
    value.as_object().is_some_and(|members| members.keys().all(known))
}

fn one_or_all(names: &Value) -> Vec<&str> {
    match names {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "number" => value.is_number(),
        "null" => value.is_null(),
        _ => false,
    }
}
