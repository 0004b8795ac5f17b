//! Passwords: argon2id, a least length and a list of known ones, no other rules.

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};

/// Characters of a password, at least.
pub const LENGTH_LEAST: usize = 12;
/// Bytes of a password, at most: longer ones only cost time.
pub const BYTES_MOST: usize = 512;
/// Memory of a hash, in KiB, and passes over it (OWASP's first choice with one lane).
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
/// Passwords of this length that everybody tries first.
const KNOWN: &str = include_str!("known_passwords.txt");

/// Why a password cannot be taken, or none could be made.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// It is too short.
    #[error("it has fewer than {LENGTH_LEAST} characters")]
    Short,
    /// It is too long.
    #[error("it has more than {BYTES_MOST} bytes")]
    Long,
    /// It is one of those that are tried first, or the person's name is most of it.
    #[error("it is one of those that are tried first")]
    Known,
    /// The hash could not be made.
    #[error("it could not be hashed")]
    Hash(#[source] argon2::password_hash::Error),
}

/// Whether somebody of this name may choose it.
pub fn check(name: &str, password: &str) -> Result<(), PasswordError> {
    if password.chars().count() < LENGTH_LEAST {
        return Err(PasswordError::Short);
    }
    if password.len() > BYTES_MOST {
        return Err(PasswordError::Long);
    }
    let folded = password.to_lowercase();
    let rest = folded.replace(&name.to_lowercase(), "").replace("recount", "");
    let few = folded.chars().collect::<std::collections::BTreeSet<_>>().len() < 5;
    if few || rest.chars().count() < 6 || KNOWN.lines().any(|known| known == folded) {
        return Err(PasswordError::Known);
    }
    Ok(())
}

/// What is stored of a password.
pub fn hash(password: &str) -> Result<String, PasswordError> {
    let hash = argon().and_then(|argon| argon.hash_password(password.as_bytes()));
    hash.map(|hash| hash.to_string()).map_err(PasswordError::Hash)
}

/// Whether it is the password of this hash.
pub fn fits(password: &str, hash: &str) -> bool {
    let (Ok(parsed), Ok(argon)) = (PasswordHash::new(hash), argon()) else { return false };
    password.len() <= BYTES_MOST && argon.verify_password(password.as_bytes(), &parsed).is_ok()
}

fn argon() -> Result<Argon2<'static>, argon2::password_hash::Error> {
    let params = Params::new(MEMORY, PASSES, 1, None)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Otherwise the desk is as safe as the first guess.
    #[test]
    fn what_is_tried_first_cannot_be_chosen() {
        for password in
            ["short", "passwordpassword", "aaaaaaaaaaaaaaaa", "dana.reyes2026", "recountrecount1", "123456789012"]
        {
            assert!(check("dana.reyes", password).is_err(), "{password}");
        }
        assert!(check("dana.reyes", &"long ".repeat(200)).is_err());
        for password in ["correct horse battery", "eleven purple umbrellas", "дванадцять знаків"] {
            assert!(check("dana.reyes", password).is_ok(), "{password}");
        }
    }

    /// Otherwise a copy of the history would hold passwords, or nobody could come in.
    #[test]
    fn a_hash_is_argon2id_and_fits_its_password_alone() {
        let hash = hash("correct horse battery").expect("a hash");
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert!(fits("correct horse battery", &hash));
        assert!(!fits("correct horse batterz", &hash) && !fits("", &hash) && !fits("x", "no hash"));
    }
}
