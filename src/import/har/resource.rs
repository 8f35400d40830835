//! Names of resources: which responses contain the ids that a request uses.

/// Keys of objects that only contain the items of a resource.
const CONTAINERS: [&str; 14] = [
    "data", "items", "item", "results", "result", "content", "rows", "records", "list", "nodes", "node", "edges",
    "hits", "values",
];
/// Segments of addresses that say what is done, or which of the items are meant.
const VERBS: [&str; 16] = [
    "search",
    "list",
    "all",
    "query",
    "find",
    "latest",
    "popular",
    "recommended",
    "featured",
    "new",
    "filter",
    "browse",
    "index",
    "create",
    "add",
    "current",
];
/// Names that are nothing but an id.
const IDS: [&str; 4] = ["id", "uuid", "guid", "slug"];

/// True if the name indicates an identifier.
pub fn is_id(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    IDS.contains(&lower.as_str())
        || ["_id", "-id", "_uuid", "_guid", "_slug"].iter().any(|end| lower.ends_with(end))
        || (name.len() > 2 && (name.ends_with("Id") || name.ends_with("ID")))
}

/// True if a name says nothing but that it is an id.
pub fn is_bare(name: &str) -> bool {
    IDS.contains(&name.to_ascii_lowercase().as_str())
}

/// True if a key names a container, not a resource.
pub fn is_container(key: &str) -> bool {
    CONTAINERS.contains(&key.to_ascii_lowercase().as_str())
}

/// The resource of an id with this name: `product` of `product_id`. None for a bare id.
pub fn of_id(name: &str) -> Option<String> {
    let lower = name.to_ascii_lowercase();
    let ends = ["uuid", "guid", "slug", "id"];
    let stem = ends.iter().find_map(|end| lower.strip_suffix(end)).filter(|_| is_id(name))?;
    Some(normal(stem)).filter(|stem| !stem.is_empty())
}

/// The resource of an address: the last segment of its path that is a word.
pub fn of_path(path: &str) -> Option<String> {
    let is_word = |segment: &&str| {
        segment.starts_with(|c: char| c.is_ascii_alphabetic())
            && segment.chars().filter(char::is_ascii_digit).count() < 3
    };
    let is_noun = |segment: &&str| is_word(segment) && !VERBS.contains(&segment.to_ascii_lowercase().as_str());
    path.split('/').rfind(is_noun).map(normal).filter(|word| !word.is_empty())
}

/// A name without separators, in lower case, in the singular.
pub fn normal(word: &str) -> String {
    let stem = word.split('.').next().unwrap_or_default();
    let flat: String = stem.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    if let Some(stem) = flat.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        return format!("{stem}y");
    }
    let ends = ["sses", "shes", "ches", "xes"];
    if ends.iter().any(|end| flat.ends_with(end)) {
        return flat[..flat.len() - 2].to_owned();
    }
    match flat.strip_suffix('s').filter(|stem| stem.len() > 2 && !stem.ends_with('s')) {
        Some(stem) => stem.to_owned(),
        None => flat,
    }
}

/// True if two resources may be the same: `item` and `cartitem`.
pub fn is_same(one: &str, other: &str) -> bool {
    one == other || (one.len() >= 3 && other.ends_with(one)) || (other.len() >= 3 && one.ends_with(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_and_their_resources() {
        for (name, wanted) in [
            ("product_id", Some("product")),
            ("orderId", Some("order")),
            ("shippingAddressID", Some("shippingaddress")),
            ("user-id", Some("user")),
            ("id", None),
            ("uuid", None),
            ("paid", None),
        ] {
            assert_eq!(of_id(name).as_deref(), wanted, "{name}");
        }
        for name in ["id", "product_id", "orderId", "ID", "uuid"] {
            assert!(is_id(name), "{name}");
        }
        for name in ["paid", "video", "valid", "width"] {
            assert!(!is_id(name), "{name}");
        }
        for (path, wanted) in [
            ("/api/v1/users/42", Some("user")),
            ("/api/categories", Some("category")),
            ("/boxes/1", Some("box")),
            ("/api/banners.json", Some("banner")),
            ("/api/products/search", Some("product")),
            ("/1/2", None),
        ] {
            assert_eq!(of_path(path).as_deref(), wanted, "{path}");
        }
        assert!(is_same("item", "cartitem") && !is_same("banner", "user") && !is_same("ad", "product"));
    }
}
