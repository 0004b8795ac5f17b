//! A small reader of Rust source: what is left of a file without comments, strings and tests.
//!
//! Everything that is taken out is replaced by blanks, so that a position still tells its line.

/// One file of `src/`, by its path below it.
pub(crate) struct Source {
    pub(crate) path: String,
    /// The code without comments, string contents and `#[cfg(test)]` items.
    pub(crate) code: String,
    /// Every path that a `use` names, with its braces multiplied out, and the line it stands on.
    pub(crate) uses: Vec<(usize, String)>,
    /// Modules that are declared for tests only: `#[cfg(test)] mod name;`.
    pub(crate) test_modules: Vec<String>,
    /// Lines of the file, less those of `#[cfg(test)]` items.
    pub(crate) lines: usize,
}

impl Source {
    pub(crate) fn read(path: &str, text: &str) -> Self {
        let mut code = without_comments_and_strings(text);
        let (test_modules, test_lines) = blank_tests(&mut code);
        let uses = uses(&code);
        Self { path: path.to_owned(), code, uses, test_modules, lines: text.lines().count() - test_lines }
    }

    /// The top-level module that the file belongs to: `history` for `history/store.rs` and for `history.rs`.
    pub(crate) fn module(&self) -> &str {
        self.path.split('/').next().unwrap_or_default().trim_end_matches(".rs")
    }

    /// The lines on which `needle` stands as a whole word (or path of whole words), in the code or in an expanded `use`.
    pub(crate) fn lines_with(&self, needle: &str) -> Vec<usize> {
        let in_code = whole_words(&self.code, needle).map(|at| line_of(&self.code, at));
        let in_uses = self.uses.iter().filter(|(_, path)| whole_words(path, needle).next().is_some());
        let mut lines: Vec<_> = in_code.chain(in_uses.map(|(line, _)| *line)).collect();
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    /// The names that follow `prefix` (such as `crate::`) in the code, with their lines.
    pub(crate) fn names_after(&self, prefix: &str) -> Vec<(usize, String)> {
        let follows = |at: usize| self.code[at + prefix.len()..].chars().take_while(|c| is_word(*c)).collect();
        whole_words(&self.code, prefix).map(|at| (line_of(&self.code, at), follows(at))).collect()
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn line_of(code: &str, at: usize) -> usize {
    code[..at].matches('\n').count() + 1
}

/// Positions of `needle` that are not part of a longer word. `std::fs` is found in `std::fs::read`, not in `std::fsx`.
fn whole_words<'a>(text: &'a str, needle: &'a str) -> impl Iterator<Item = usize> + 'a {
    let free = |c: Option<char>| !c.is_some_and(is_word);
    let open_start = !needle.starts_with(is_word);
    let open_end = !needle.ends_with(is_word);
    text.match_indices(needle).map(|(at, _)| at).filter(move |at| {
        (open_start || free(text[..*at].chars().next_back()))
            && (open_end || free(text[at + needle.len()..].chars().next()))
    })
}

/// Blanks comments and the insides of string and character literals.
fn without_comments_and_strings(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let length = opaque_length(rest, code.chars().next_back());
        let taken = if length == 0 { c.len_utf8() } else { length };
        let (piece, tail) = rest.split_at(taken);
        if length == 0 {
            code.push(c);
        } else {
            blank(piece, &mut code);
        }
        rest = tail;
    }
    code
}

fn blank(piece: &str, code: &mut String) {
    code.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' }));
}

/// How many bytes at the start of `rest` are a comment or a literal; 0 if it is code.
fn opaque_length(rest: &str, before: Option<char>) -> usize {
    let in_word = before.is_some_and(is_word);
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return block_comment_length(rest);
    }
    if let Some(length) = raw_string_length(rest).filter(|_| !in_word) {
        return length;
    }
    match rest.as_bytes()[0] {
        b'"' => quoted_length(rest, '"'),
        // A lifetime has no closing quote after one character; an escape or a closing quote makes it a character.
        b'\'' if rest[1..].starts_with('\\') || rest.chars().nth(2) == Some('\'') => quoted_length(rest, '\''),
        _ => 0,
    }
}

fn block_comment_length(rest: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0_usize);
    while at < rest.len() {
        let tail = &rest.as_bytes()[at..];
        if tail.starts_with(b"/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if tail.starts_with(b"*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

fn raw_string_length(rest: &str) -> Option<usize> {
    let prefix = ["br", "cr", "r"].into_iter().find(|prefix| rest.starts_with(prefix))?;
    let hashes = rest[prefix.len()..].bytes().take_while(|byte| *byte == b'#').count();
    let start = prefix.len() + hashes + 1;
    if rest.as_bytes().get(start - 1) != Some(&b'"') {
        return None;
    }
    let end = format!("\"{}", "#".repeat(hashes));
    Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()))
}

fn quoted_length(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

/// Blanks each `#[cfg(test)]` item; returns the modules declared by one and the number of lines they take.
fn blank_tests(code: &mut String) -> (Vec<String>, usize) {
    const MARK: &str = "#[cfg(test)]";
    let (mut modules, mut lines) = (Vec::new(), 0);
    while let Some(start) = code.find(MARK) {
        let end = start + MARK.len() + item_length(&code[start + MARK.len()..]);
        let item = &code[start + MARK.len()..end];
        if let Some(name) =
            item.trim().trim_start_matches("pub(crate) ").strip_prefix("mod ").and_then(|rest| rest.strip_suffix(';'))
        {
            modules.push(name.trim().to_owned());
        }
        lines += code[start..end].matches('\n').count() + 1;
        let mut blanked = String::new();
        blank(&code[start..end], &mut blanked);
        code.replace_range(start..end, &blanked);
    }
    (modules, lines)
}

/// Up to the `;` or the closing brace that ends the item. Of `use a::{b};` the brace is not the end, but nothing follows.
fn item_length(rest: &str) -> usize {
    let mut depth = 0_i32;
    for (at, c) in rest.char_indices() {
        match c {
            '{' | '(' | '[' => depth += 1,
            '}' | ')' | ']' => {
                depth -= 1;
                if depth == 0 && c == '}' {
                    return at + 1;
                }
            }
            ';' if depth == 0 => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn uses(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for at in whole_words(code, "use") {
        let tree = code[at + 3..].split(';').next().unwrap_or_default();
        let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
        expand("", &tree, &mut |path| found.push((line_of(code, at), path)));
    }
    found
}

/// Multiplies out the braces of a use tree: `std::{fs, io::{self, Read}}` is `std::fs`, `std::io::self`, `std::io::Read`.
fn expand(prefix: &str, tree: &str, found: &mut impl FnMut(String)) {
    let tree = tree.trim();
    let Some((head, inner)) = tree.split_once('{') else {
        return found(format!("{prefix}{tree}"));
    };
    let inner = inner.trim_end().strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut start) = (0_i32, 0);
    for (at, c) in inner.char_indices().chain([(inner.len(), ',')]) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let branch = inner[start..at].trim();
                if !branch.is_empty() {
                    expand_boxed(&format!("{prefix}{}", head.trim()), branch, found);
                }
                start = at + 1;
            }
            _ => {}
        }
    }
}

fn expand_boxed(prefix: &str, tree: &str, found: &mut dyn FnMut(String)) {
    expand(prefix, tree, &mut |path| found(path));
}
