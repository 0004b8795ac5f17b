//! Who gives the command, as the operating system knows them.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::config::environment;
use crate::reconcile::model::display_text::shown;

/// The user's name; behind `sudo` and the service, who asked for it.
pub(crate) fn who() -> String {
    if let Some(asked) = environment::asked_by() {
        return shown(&asked);
    }
    let user = HostUser::of(own_uid());
    match environment::sudo_user().filter(|asked| user.uid == 0 && *asked != user.name) {
        Some(asked) => format!("{} (as {})", shown(&asked), user.name),
        None => user.name,
    }
}

/// The person, whatever user root's rights were taken through.
pub(crate) fn asking() -> String {
    let user = HostUser::of(own_uid()).name;
    environment::sudo_user().filter(|_| is_root()).unwrap_or(user)
}

/// Whether this process is root's.
pub(crate) fn is_root() -> bool {
    own_uid() == 0
}

/// Whose a file is; `None` if it is not there.
pub(crate) fn owner_of(path: &Path) -> Option<HostUser> {
    fs::metadata(path).ok().map(|metadata| HostUser::of(metadata.uid()))
}

/// Whether the user who asks is named in a group.
pub(crate) fn is_member_of(group: &str) -> bool {
    let groups = fs::read_to_string("/etc/group").unwrap_or_default();
    members(&groups, group).any(|member| member == asking())
}

/// A user of this host.
#[derive(Debug)]
pub(crate) struct HostUser {
    pub(crate) uid: u32,
    /// `uid 1000` if nobody has the number.
    pub(crate) name: String,
    /// Whether it has a name.
    pub(crate) is_named: bool,
}

impl HostUser {
    fn of(uid: u32) -> Self {
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let name = name_of(&passwd, uid);
        Self { uid, is_named: name.is_some(), name: name.unwrap_or_else(|| format!("uid {uid}")) }
    }
}

fn own_uid() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn members<'a>(groups: &'a str, group: &str) -> impl Iterator<Item = &'a str> {
    let line = groups.lines().find(|line| line.split(':').next() == Some(group));
    line.and_then(|line| line.rsplit(':').next()).into_iter().flat_map(|members| members.split(','))
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

    /// Otherwise a member would be told to become one, and another user would not.
    #[test]
    fn members_are_those_that_the_group_names() {
        let groups = "sudo:x:27:admin\nrecount:x:990:molly,pat\nrecounters:x:991:eve\n";
        assert_eq!(members(groups, "recount").collect::<Vec<_>>(), ["molly", "pat"]);
        assert_eq!(members(groups, "users").count(), 0);
    }
}
