//! What the model says. Always the same to the same question, so that a test can expect it and a
//! person sees that the answer belongs to the question.

const MAX_QUOTE_CHARS: usize = 280;

/// What `OpenClaw` tells its model about itself, in the user's voice.
const CONTEXT: (&str, &str) =
    ("<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>", "<<<END_OPENCLAW_INTERNAL_CONTEXT>>>");

/// Marks the first line of what it tells of a conversation in its own chat: JSON in a fence follows.
const CONVERSATION: &str = "⟦openclaw:ctx⟧";

/// Who asks this is told how the conversation began.
const RECALL: &str = "What did I say first?";

/// Answers the last of what a person `said` in a conversation. It knows of that what the agent brings
/// along: an agent that has lost it cannot say how it began.
pub(super) fn within(said: &[String]) -> String {
    let question = said.last().map_or("", String::as_str);
    match said.first() {
        Some(first) if question.contains(RECALL) => {
            format!("First you said: \"{}\"", shortened(first))
        }
        _ => to(question),
    }
}

/// Answers `question`, a person's own words.
pub(super) fn to(question: &str) -> String {
    if question.is_empty() {
        return "You said nothing.".to_owned();
    }
    let quote = format!("You said: \"{}\"", shortened(question));
    match sum_in(question) {
        Some(sum) => format!("{quote} The answer is {sum}."),
        None => quote,
    }
}

/// `message` without what an agent puts around it: blocks of context, time stamps in brackets before
/// the words, and, after a blank line, what it knows of its machine.
pub(super) fn the_persons_words(message: &str) -> String {
    let mut words = message.to_owned();
    while let Some((before, rest)) = words.split_once(CONTEXT.0) {
        let after = rest.split_once(CONTEXT.1).map_or("", |(_, after)| after);
        words = format!("{before}{after}");
    }
    let mut words = words.trim();
    while let Some(rest) = after_conversation(words) {
        words = rest.trim_start();
    }
    while let Some(rest) = words.strip_prefix('[') {
        let Some((_, after)) = rest.split_once(']') else { break };
        words = after.trim_start();
    }
    words.split("\n\n").next().unwrap_or_default().to_owned()
}

fn after_conversation(message: &str) -> Option<&str> {
    let (label, rest) = message.split_once(CONVERSATION)?;
    let mut fenced = rest.splitn(3, "```").skip(2);
    if label.contains('\n') { None } else { fenced.next() }
}

/// The end of a long message: what an agent adds stands before the question.
fn shortened(question: &str) -> String {
    let length = question.chars().count();
    if length <= MAX_QUOTE_CHARS {
        return question.to_owned();
    }
    let end: String = question.chars().skip(length - MAX_QUOTE_CHARS).collect();
    format!("…{end}")
}

/// The first `6 times 7` or `6*7` in the text. Without spaces a hyphen and a slash mean other
/// things, mostly dates.
fn sum_in(text: &str) -> Option<String> {
    let words: Vec<&str> = text
        .split_whitespace()
        .map(|word| word.trim_matches(|it| "?!.,;:()=".contains(it)))
        .collect();
    let spaced = (0..words.len()).find_map(|start| {
        let (left, rest) = words[start..].split_first()?;
        let (operator, right) = match rest {
            ["divided" | "multiplied", "by", right, ..] => (rest[0], right),
            [operator, right, ..] => (*operator, right),
            _ => return None,
        };
        calculate(left.parse().ok()?, operator, right.parse().ok()?)
    });
    spaced.or_else(|| words.iter().find_map(|word| unspaced(word)))
}

fn unspaced(word: &str) -> Option<String> {
    ["+", "*", "×"].into_iter().find_map(|operator| {
        let (left, right) = word.split_once(operator)?;
        calculate(left.parse().ok()?, operator, right.parse().ok()?)
    })
}

fn calculate(left: i64, operator: &str, right: i64) -> Option<String> {
    let result = match operator {
        "+" | "plus" => left.checked_add(right)?,
        "-" | "−" | "minus" => left.checked_sub(right)?,
        "*" | "×" | "x" | "times" | "multiplied" => left.checked_mul(right)?,
        "/" | "÷" | "over" | "divided" if right != 0 && left % right == 0 => left / right,
        _ => return None,
    };
    Some(result.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_quotes_the_question_and_solves_the_sum_in_it() {
        let cases = [
            ("words", "hello", "You said: \"hello\""),
            ("a sum", "What is 6 times 7?", "You said: \"What is 6 times 7?\" The answer is 42."),
            ("no spaces", "2+2?", "You said: \"2+2?\" The answer is 4."),
            ("division", "12 divided by 4", "You said: \"12 divided by 4\" The answer is 3."),
            ("a date is no sum", "since 2026-11-21", "You said: \"since 2026-11-21\""),
            ("by zero", "1 / 0", "You said: \"1 / 0\""),
            ("too large", "9223372036854775807 + 1", "You said: \"9223372036854775807 + 1\""),
            ("a time stamp", "[Sat 2026-11-21 04:14 UTC] hello", "You said: \"hello\""),
            (
                "context",
                "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>x<<<END_OPENCLAW_INTERNAL_CONTEXT>>>\nhello",
                "You said: \"hello\"",
            ),
            (
                "its own chat",
                "Conversation info: ⟦openclaw:ctx⟧\n```json\n{\"id\":1}\n```\n\n[now] hello",
                "You said: \"hello\"",
            ),
            ("a machine", "[now] hello\n\nhost=a | os=b", "You said: \"hello\""),
            ("nothing", "  ", "You said nothing."),
        ];
        for (case, question, answer) in cases {
            assert_eq!(to(&the_persons_words(question)), answer, "{case}");
        }
    }

    #[test]
    fn how_it_began_is_told_as_far_as_the_agent_knows() {
        let said = ["My dog is Ada.", "2+2?", RECALL].map(str::to_owned);
        assert_eq!(within(&said), "First you said: \"My dog is Ada.\"");
        assert_eq!(within(&said[2..]), format!("First you said: \"{RECALL}\""));
        assert_eq!(within(&said[..2]), "You said: \"2+2?\" The answer is 4.");
        assert_eq!(within(&[]), "You said nothing.");
    }

    #[test]
    fn of_a_long_message_the_end_is_quoted() {
        let long = format!("{}Who are you?", "context ".repeat(500));
        let answer = to(&long);
        assert!(answer.ends_with("Who are you?\""));
        assert!(answer.chars().count() < 320);
    }
}
