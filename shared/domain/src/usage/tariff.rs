//! What providers ask for their models, as data, and what a call costs by it.
//!
//! These are list prices. Who brings a key of their own pays the provider whatever the two agreed on; what
//! we count for them is an estimate of that, and what their cap goes by.

use super::{Micros, Tokens};
use crate::model::ModelProvider;

/// In millionths of a dollar for a million tokens, which is the number of dollars on a price list times a
/// million.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    pub input: u64,
    pub cached: u64,
    pub cache_written: u64,
    pub output: u64,
}

/// A price, and whether it is that of the model or only surely no less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Priced {
    pub price: Price,
    pub is_known: bool,
}

/// In thousandths of a dollar, as price lists have them.
const fn usd(input: u64, cached: u64, cache_written: u64, output: u64) -> Price {
    Price {
        input: input * 1_000,
        cached: cached * 1_000,
        cache_written: cache_written * 1_000,
        output: output * 1_000,
    }
}

/// By whose model it is and how its name begins. The longest beginning counts.
const PRICES: [(ModelProvider, &str, Price); 14] = {
    use ModelProvider::{Anthropic, Google, Openai};
    [
        (Anthropic, "claude-opus-4", usd(15_000, 1_500, 18_750, 75_000)),
        (Anthropic, "claude-opus-4-5", usd(5_000, 500, 6_250, 25_000)),
        (Anthropic, "claude-opus-4-6", usd(5_000, 500, 6_250, 25_000)),
        (Anthropic, "claude-sonnet-4", usd(3_000, 300, 3_750, 15_000)),
        (Anthropic, "claude-haiku-4-5", usd(1_000, 100, 1_250, 5_000)),
        (Openai, "gpt-5", usd(2_500, 250, 2_500, 15_000)),
        (Openai, "gpt-5-mini", usd(250, 25, 250, 2_000)),
        (Openai, "gpt-5.4", usd(2_500, 250, 2_500, 15_000)),
        (Openai, "gpt-5.4-mini", usd(750, 75, 750, 4_500)),
        (Openai, "gpt-4.1", usd(2_000, 500, 2_000, 8_000)),
        (Openai, "gpt-4o", usd(2_500, 1_250, 2_500, 10_000)),
        (Google, "gemini-3.1-pro", usd(2_000, 200, 2_000, 12_000)),
        (Google, "gemini-3.1-flash", usd(500, 50, 500, 3_000)),
        (Google, "gemini-2.5-pro", usd(1_250, 125, 1_250, 10_000)),
    ]
};

/// Of a model that is not in the list. As much as the dearest of them: a cap that is reached early is a
/// question to us, one that is not reached is a bill.
const UNKNOWN: Price = usd(15_000, 1_500, 18_750, 75_000);

/// What `model` costs at `provider`. `OpenRouter`, and we behind it, call a model by its maker first,
/// `anthropic/claude-sonnet-4.6`, and write points where Anthropic writes hyphens.
pub fn price_of(provider: ModelProvider, model: &str) -> Priced {
    let (maker, name) = match (provider, model.split_once('/')) {
        (ModelProvider::Openrouter | ModelProvider::Platform, Some((maker, name))) => (maker, name),
        _ => (provider.as_str(), model),
    };
    let hyphened = name.replace('.', "-");
    let fits = |begins: &str| name.starts_with(begins) || hyphened.starts_with(begins);
    let known = PRICES.iter().filter(|(it, begins, _)| it.as_str() == maker && fits(begins));
    match known.max_by_key(|(_, begins, _)| begins.len()) {
        Some((_, _, price)) => Priced { price: *price, is_known: true },
        None => Priced { price: UNKNOWN, is_known: false },
    }
}

impl Price {
    /// Rounded up, once for each call.
    pub fn cost(self, tokens: Tokens) -> Micros {
        let part = |tokens: u64, price: u64| u128::from(tokens) * u128::from(price);
        let sum = part(tokens.input, self.input)
            + part(tokens.cached, self.cached)
            + part(tokens.cache_written, self.cache_written)
            + part(tokens.output, self.output);
        Micros(u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ModelProvider::{Anthropic, Google, Openai, Openrouter, Platform};
    use proptest::prelude::*;

    #[test]
    fn a_model_is_found_by_the_longest_name_that_it_begins_with() {
        let cases = [
            (Anthropic, "claude-sonnet-4-6", Some(3_000)),
            (Anthropic, "claude-sonnet-4-6-20260201", Some(3_000)),
            (Anthropic, "claude-opus-4-6", Some(5_000)),
            (Anthropic, "claude-opus-4-1", Some(15_000)),
            (Openai, "gpt-5.4", Some(2_500)),
            (Openai, "gpt-5.4-mini", Some(750)),
            (Google, "gemini-3.1-pro-preview", Some(2_000)),
            (Openrouter, "anthropic/claude-sonnet-4.6", Some(3_000)),
            (Openrouter, "openai/gpt-5.4-mini", Some(750)),
            (Platform, "anthropic/claude-haiku-4.5", Some(1_000)),
            (Openrouter, "openrouter/auto", None),
            (Openrouter, "z-ai/glm-4.7", None),
            (Openai, "claude-sonnet-4-6", None),
            (Platform, "stand-in", None),
            (Platform, "", None),
        ];
        for (provider, model, thousandths) in cases {
            let it = price_of(provider, model);
            let found = it.is_known.then_some(it.price.input / 1_000);
            assert_eq!(found, thousandths, "{provider}: {model}");
        }
    }

    #[test]
    fn a_call_costs_the_sum_of_its_parts_rounded_up_once() {
        let price = usd(3_000, 300, 3_750, 15_000);
        let of =
            |input, cached, cache_written, output| Tokens { input, cached, cache_written, output };
        let cases = [
            ("nothing", of(0, 0, 0, 0), 0),
            ("one token", of(1, 0, 0, 0), 3),
            ("a fraction", of(0, 1, 0, 0), 1),
            ("fractions add up before they are rounded", of(0, 10, 0, 0), 3),
            ("a million of each", of(1_000_000, 1_000_000, 1_000_000, 1_000_000), 22_050_000),
            ("more than there is", of(u64::MAX, u64::MAX, u64::MAX, u64::MAX), u64::MAX),
        ];
        for (case, tokens, micros) in cases {
            assert_eq!(price.cost(tokens), Micros(micros), "{case}");
        }
    }

    proptest! {
        #[test]
        fn nothing_costs_more_than_what_is_not_in_the_list(
            input in 0_u64..1 << 40, cached in 0_u64..1 << 40, written in 0_u64..1 << 40, output in 0_u64..1 << 40,
        ) {
            let tokens = Tokens { input, cached, cache_written: written, output };
            for (_, name, price) in PRICES {
                prop_assert!(price.cost(tokens) <= UNKNOWN.cost(tokens), "{name}");
            }
        }

        #[test]
        fn two_calls_cost_what_they_cost_together_but_for_the_rounding(a in 0_u64..1 << 40, b in 0_u64..1 << 40) {
            let price = UNKNOWN;
            let of = |output| Tokens { output, ..Tokens::default() };
            let apart = price.cost(of(a)).plus(price.cost(of(b))).0;
            let together = price.cost(of(a).plus(of(b))).0;
            prop_assert!(together <= apart && apart <= together + 1);
        }
    }
}
