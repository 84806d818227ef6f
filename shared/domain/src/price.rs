//! What a plan costs, and which prices nobody believes at first sight.

use serde::{Deserialize, Serialize};

/// What a plan costs for each period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// In the currency's smallest unit.
    pub minor: u64,
    /// ISO 4217, upper case.
    pub currency: String,
    /// Whether tax is in it. If not, it comes on top.
    pub tax_inclusive: bool,
}

/// Why a price is more likely a slip than a decision. A person has to look before anybody pays it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Absurd {
    #[error("it costs nothing")]
    Free,
    #[error("it is in another currency than before")]
    OtherCurrency,
    /// As when somebody mistakes cents for dollars.
    #[error("it is {} times what it was, or a fraction as small", MAX_FACTOR)]
    OutOfProportion,
}

/// By how much a price changes at once at the most.
const MAX_FACTOR: u64 = 10;

/// `16.00 USD`: an amount in the smallest unit, for people. What we sell in has hundredths.
pub fn in_words(minor: u64, currency: &str) -> String {
    format!("{}.{:02} {currency}", minor / 100, minor % 100)
}

impl Price {
    /// Whether it may take the place of `known` by itself.
    pub fn follows(&self, known: Option<&Price>) -> Result<(), Absurd> {
        if self.minor == 0 {
            return Err(Absurd::Free);
        }
        let Some(known) = known else { return Ok(()) };
        if self.currency != known.currency {
            return Err(Absurd::OtherCurrency);
        }
        let (low, high) = (self.minor.min(known.minor), self.minor.max(known.minor));
        if high >= low.saturating_mul(MAX_FACTOR) { Err(Absurd::OutOfProportion) } else { Ok(()) }
    }

    /// Whether both ask the same of whoever pays.
    pub fn costs_like(&self, minor: u64, currency: &str) -> bool {
        self.minor == minor && self.currency == currency
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usd(minor: u64) -> Price {
        Price { minor, currency: "USD".to_owned(), tax_inclusive: false }
    }

    #[test]
    fn a_slip_is_told_from_a_decision() {
        let eur = Price { currency: "EUR".to_owned(), ..usd(4_900) };
        let taxed = Price { tax_inclusive: true, ..usd(4_900) };
        let cases = [
            ("the first one", usd(4_900), None, Ok(())),
            ("free from the first", usd(0), None, Err(Absurd::Free)),
            ("the same", usd(4_900), Some(4_900), Ok(())),
            ("a rise", usd(5_900), Some(4_900), Ok(())),
            ("a sale", usd(500), Some(4_900), Ok(())),
            ("tax is in it now", taxed, Some(4_900), Ok(())),
            ("free now", usd(0), Some(4_900), Err(Absurd::Free)),
            ("another currency", eur, Some(4_900), Err(Absurd::OtherCurrency)),
            ("cents for dollars", usd(49), Some(4_900), Err(Absurd::OutOfProportion)),
            ("dollars for cents", usd(490_000), Some(4_900), Err(Absurd::OutOfProportion)),
        ];
        for (case, price, known, expected) in cases {
            assert_eq!(price.follows(known.map(usd).as_ref()), expected, "{case}");
        }
    }
}
