//! From words to a filter. `AND` binds tighter than `OR`.

use std::collections::HashSet;

use super::lexer::{Token, tokens};
use super::{Condition, Literal, Operator, Test};
use crate::refusal::Refusal;
use crate::schema::{Kind, Schema};

/// Reads a whole filter.
pub(super) fn parse(text: &str, schema: &Schema) -> Result<Condition, Refusal> {
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: tokens.into_iter().peekable(), schema, depth: 0 };
    let condition = parser.either()?;
    match parser.tokens.next() {
        None => Ok(condition),
        Some(extra) => Err(Refusal::condition(format!("Conditions are not valid near '{extra:?}'."))),
    }
}

/// Deeper nesting than this is refused, so that no filter exhausts the stack.
const DEPTH_MAX: u32 = 100;

struct Parser<'a> {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
    schema: &'a Schema,
    depth: u32,
}

impl Parser<'_> {
    fn either(&mut self) -> Result<Condition, Refusal> {
        let mut parts = vec![self.both()?];
        while self.take(&Token::Or) {
            parts.push(self.both()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::Or(parts) })
    }

    fn both(&mut self) -> Result<Condition, Refusal> {
        let mut parts = vec![self.one()?];
        while self.take(&Token::And) {
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Condition::And(parts) })
    }

    fn one(&mut self) -> Result<Condition, Refusal> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(Refusal::condition("Conditions are nested too deeply."));
        }
        let condition = match self.tokens.next() {
            Some(Token::Not) => Condition::Not(Box::new(self.one()?)),
            Some(Token::Open) => {
                let inner = self.either()?;
                self.expect(&Token::Close)?;
                inner
            }
            Some(Token::Name(name)) => self.test(&name)?,
            other => return Err(unexpected(other.as_ref())),
        };
        self.depth -= 1;
        Ok(condition)
    }

    fn test(&mut self, name: &str) -> Result<Condition, Refusal> {
        let resolved = self.schema.resolve(name);
        let (path, kind) = resolved.ok_or_else(|| Refusal::condition(format!("{name} is not a recognized name.")))?;
        let negated = self.take(&Token::Not);
        let test = match self.tokens.next() {
            Some(Token::Operator(operator)) if !negated => {
                return self.comparison(path, kind, operator);
            }
            Some(Token::Like) => Test::Like(self.text(name, kind)?),
            Some(Token::Contains) => Test::Contains(self.text(name, kind)?),
            Some(Token::In) => self.list(name, kind)?,
            other => return Err(unexpected(other.as_ref())),
        };
        let test = Condition::Test { path, test };
        Ok(if negated { Condition::Not(Box::new(test)) } else { test })
    }

    fn comparison(&mut self, path: Vec<String>, kind: Kind, operator: Operator) -> Result<Condition, Refusal> {
        let literal = self.literal(&path.join("/"), kind)?;
        let null = literal == Literal::Null;
        match operator {
            Operator::Equal if null => Ok(Condition::Test { path, test: Test::IsNull }),
            Operator::NotEqual if null => Ok(Condition::Not(Box::new(Condition::Test { path, test: Test::IsNull }))),
            _ if null => Err(Refusal::condition("null can only be compared with = and !=.")),
            _ => Ok(Condition::Test { path, test: Test::Compare(operator, literal) }),
        }
    }

    fn text(&mut self, name: &str, kind: Kind) -> Result<String, Refusal> {
        match self.literal(name, kind)? {
            Literal::Text(text) => Ok(text),
            _ => Err(Refusal::condition(format!("{name} is not text."))),
        }
    }

    fn list(&mut self, name: &str, kind: Kind) -> Result<Test, Refusal> {
        let (mut numbers, mut others) = (HashSet::new(), Vec::new());
        self.expect(&Token::Open)?;
        loop {
            match self.literal(name, kind)? {
                Literal::Number(number) => drop(numbers.insert(number)),
                other => others.push(other),
            }
            if !self.take(&Token::Comma) {
                break;
            }
        }
        self.expect(&Token::Close)?;
        Ok(Test::In { numbers, others })
    }

    /// A value that fits the field; the real server refuses others when it builds its query.
    fn literal(&mut self, name: &str, kind: Kind) -> Result<Literal, Refusal> {
        let token = self.tokens.next();
        let Some(Token::Literal(literal)) = token else {
            return Err(unexpected(token.as_ref()));
        };
        let fits = match literal {
            Literal::Null => true,
            Literal::Text(_) => kind == Kind::String,
            Literal::Number(_) => kind == Kind::Number,
            Literal::Date(_) => kind == Kind::Date,
            Literal::Truth(_) => kind == Kind::Boolean,
        };
        if fits {
            Ok(literal)
        } else {
            Err(Refusal::condition(format!("The value compared with {name} has a wrong type.")))
        }
    }

    fn take(&mut self, wanted: &Token) -> bool {
        self.tokens.next_if(|token| token == wanted).is_some()
    }

    fn expect(&mut self, wanted: &Token) -> Result<(), Refusal> {
        if self.take(wanted) { Ok(()) } else { Err(unexpected(self.tokens.peek())) }
    }
}

fn unexpected(token: Option<&Token>) -> Refusal {
    match token {
        Some(token) => Refusal::condition(format!("Conditions are not valid near '{token:?}'.")),
        None => Refusal::condition("Conditions end too early."),
    }
}
