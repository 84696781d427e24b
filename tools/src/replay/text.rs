//! Texts of posts: made up, but always the same for the same person.

const OPENINGS: [&str; 8] = [
    "Spent the morning with",
    "Cannot stop thinking about",
    "Finally understood",
    "Does anybody else care for",
    "Today I learned about",
    "A good day for",
    "Back home from",
    "Still no match for",
];
const SUBJECTS: [&str; 9] = [
    "sourdough bread",
    "a night train to the coast",
    "the tomatoes on the balcony",
    "an old bicycle",
    "the city library",
    "a borrowed camera",
    "my neighbour's cello",
    "fog over the harbour",
    "a very long book",
];
const TAGS: [&str; 7] = ["#morning", "#slowlife", "#kitchen", "#travel", "#books", "#garden", "#music"];

/// The text of a person's post.
pub fn of(person: u64) -> String {
    format!("{} {}. {} (note {person})", pick(&OPENINGS, person), pick(&SUBJECTS, person), pick(&TAGS, person))
}

/// The numbers of words have no common divisor, so that neighbours say different things.
fn pick<'a>(words: &[&'a str], person: u64) -> &'a str {
    let place = usize::try_from(person % words.len() as u64).expect("less than a length");
    words[place]
}
