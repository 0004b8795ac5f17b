//! Who gives the command, as the operating system knows them.

use std::fs;

use crate::config::environment;
use crate::reconcile::model::display_text::shown;

/// The user's name; behind `sudo`, who asked for it.
pub(crate) fn who() -> String {
    let uid = rustix::process::geteuid().as_raw();
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let user = name_of(&passwd, uid).unwrap_or_else(|| format!("uid {uid}"));
    match environment::sudo_user().filter(|asked| uid == 0 && *asked != user) {
        Some(asked) => format!("{} (as {user})", shown(&asked)),
        None => user,
    }
}

fn name_of(passwd: &str, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let mut users = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    users.find(|fields| fields.get(2) == Some(&uid.as_str())).map(|fields| fields[0].to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A decision that names nobody cannot be asked about.
    #[test]
    fn a_user_is_named_by_the_number() {
        let passwd = "root:x:0:0:root:/root:/bin/sh\nbroken\nmmiller:x:1000:1000::/home/mmiller:/bin/sh\n";
        assert_eq!(name_of(passwd, 1000).as_deref(), Some("mmiller"));
        assert_eq!(name_of(passwd, 10), None);
    }
}
