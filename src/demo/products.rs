//! The products of the shop.

/// Number of products; their ids start at 1.
pub(super) const PRODUCTS: u32 = 200;

const KINDS: [&str; 5] = ["Lantern", "Kettle", "Notebook", "Umbrella", "Compass"];
const COLOURS: [&str; 4] = ["green", "blue", "red", "plain"];

/// Name of a product.
pub(super) fn name(id: u32) -> String {
    let kind = KINDS[id as usize % KINDS.len()];
    let colour = COLOURS[id as usize % COLOURS.len()];
    format!("{kind}, {colour}")
}

/// Price of a product, in euros.
pub(super) fn price(id: u32) -> f64 {
    (199 + u64::from(id) * 37 % 9_800) as f64 / 100.0
}
