//! What a transient unit takes over from the installed one.

/// What a command needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum UnitKind {
    /// What a run needs: the service's user, history and keys.
    Service,
    /// To change files in /etc/recount, which are root's, with the service's keys for a look into ConnectWise.
    Files,
    /// To put a history back from any file of root's, with the service's keys for the copy of it.
    Restore,
}

/// Settings of the installed unit that say what it sees and has, with what `systemctl edit` added to them.
const TAKEN_OVER: [&str; 13] = [
    "LoadCredential",
    "LoadCredentialEncrypted",
    "SetCredential",
    "SetCredentialEncrypted",
    "BindReadOnlyPaths",
    "BindPaths",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "Environment",
    "EnvironmentFile",
    "SupplementaryGroups",
    "IPAddressDeny",
    "IPAddressAllow",
];
/// Those that say who it is.
const IDENTITY: [&str; 6] = ["DynamicUser", "User", "Group", "StateDirectory", "StateDirectoryMode", "UMask"];
/// All are kept from everything else.
const LIMITS: [&str; 2] = ["NoNewPrivileges=yes", "LimitCORE=0"];
/// Files of people are none of theirs.
const CLOSED: [&str; 2] = ["ProtectHome=yes", "PrivateTmp=yes"];
const AS_SERVICE: [&str; 2] = ["CapabilityBoundingSet=", "ProtectSystem=strict"];
/// Root may write in /etc/recount, and what it makes among the service's files is given to the service.
const AS_EDITOR: [&str; 3] = [
    "CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH CAP_FOWNER",
    "ProtectSystem=full",
    "ReadWritePaths=/etc/recount",
];
/// Root reads a file wherever it is, and writes the service's history.
const AS_KEEPER: [&str; 2] = [AS_EDITOR[0], "ProtectSystem=full"];

/// The settings of a unit for one command. `installed` is what `systemctl cat` shows: in order, so that a later empty
/// setting takes back those before it.
pub(super) fn properties(installed: &str, place: UnitKind) -> Vec<String> {
    let (own, closed) = match place {
        UnitKind::Service => (AS_SERVICE.as_slice(), CLOSED.as_slice()),
        UnitKind::Files => (AS_EDITOR.as_slice(), CLOSED.as_slice()),
        UnitKind::Restore => (AS_KEEPER.as_slice(), [].as_slice()),
    };
    let is_taken = |key: &str| TAKEN_OVER.contains(&key) || place == UnitKind::Service && IDENTITY.contains(&key);
    let settings = installed.lines().map(str::trim).filter(|line| {
        let key = line.split_once('=').map(|(key, _)| key.trim());
        key.is_some_and(is_taken)
    });
    settings.chain(LIMITS).chain(closed.iter().chain(own).copied()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: &str = include_str!("../../../systemd/recount.service");

    /// Otherwise a command would not see the keys and exports that the night sees, and report trouble that there is not.
    #[test]
    fn a_command_has_what_the_installed_unit_has_and_what_was_added_to_it() {
        let added = format!("{UNIT}\n# drop-in\n[Service]\nLoadCredential=smtp:/etc/recount/credentials/smtp\n");
        let properties = properties(&added, UnitKind::Service);
        for wanted in [
            "LoadCredential=cw-public:/etc/recount/credentials/cw-public",
            "LoadCredential=smtp:/etc/recount/credentials/smtp",
            "BindReadOnlyPaths=-/srv/recount/exports",
            "DynamicUser=yes",
            "User=recount",
            "StateDirectory=recount",
            "UMask=0077",
            "CapabilityBoundingSet=",
        ] {
            assert!(properties.iter().any(|property| property == wanted), "{wanted} is missing in {properties:?}");
        }
    }

    /// customers.csv is root's: the service's user could not write it, and the keys are needed for the look before.
    #[test]
    fn an_edit_is_roots_and_has_the_keys() {
        let properties = properties(UNIT, UnitKind::Files);
        assert!(properties.iter().any(|property| property.starts_with("LoadCredential=cw-public")), "{properties:?}");
        assert!(!properties.iter().any(|property| property.starts_with("User=")), "{properties:?}");
        assert!(properties.contains(&"ReadWritePaths=/etc/recount".to_owned()), "{properties:?}");
    }

    /// A backup lies in root's home or in /tmp, and the copy of what is put back needs the keys of the store.
    #[test]
    fn a_restore_sees_the_file_and_has_the_keys() {
        let properties = properties(UNIT, UnitKind::Restore);
        assert!(properties.iter().any(|property| property.starts_with("LoadCredential=cw-public")), "{properties:?}");
        let shut = ["User=", "DynamicUser", "ProtectHome", "PrivateTmp"];
        assert!(!properties.iter().any(|property| shut.iter().any(|key| property.starts_with(key))), "{properties:?}");
    }
}
