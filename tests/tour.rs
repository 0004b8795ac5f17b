//! The tour in docs/tour.md, typed line by line: a guide whose third line fails is a newcomer's last.

use std::path::Path;
use std::process::Command;

use recount_sim::World;

use crate::support::{CLIENT_ID, Night};

#[test]
fn every_line_of_the_tour_works() {
    let night = Night::demo();
    let folder = night.path("tour");
    std::fs::create_dir_all(&folder).expect("a folder");
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
    std::os::unix::fs::symlink(deploy, folder.join("deploy")).expect("a link");
    let said = Command::new("bash").args(["-uc", &script(&night)]).current_dir(&folder).env("NO_COLOR", "1").output();
    let said = said.expect("bash");
    let text = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{text}");
    assert!(text.contains("13 customers are not mapped") && text.contains("Next: recount map suggest"), "{text}");
    let quantities: Vec<_> = night.sim().writes().iter().map(|write| write.method.clone()).collect();
    assert!(!quantities.is_empty() && quantities.iter().all(|method| method == "PATCH"), "{quantities:?}\n{text}");
    let plans: Vec<&str> = text.split("$ recount plan\n").skip(1).collect();
    assert!(plans[0].contains("would change 0"), "a plan changes nothing: {}", plans[0]);
    let runs: Vec<&str> = text.split("$ recount run\n").collect();
    let [_, whole, without_a_customer] = runs.as_slice() else { panic!("the tour runs twice\n{text}") };
    assert!(whole.contains("changed 0"), "{whole}");
    assert!(without_a_customer.contains("EXPORT REFUSED") && without_a_customer.contains("mapped rows"), "{text}");
    assert!(World::demo().keys.len() == 1, "the tour's keys are the simulator's");
}

/// Each line, told before it is typed; 3 is "done, something to decide", and 11 what the tour shows of a cut file.
fn script(night: &Night) -> String {
    let page = include_str!("../docs/tour.md");
    let typed = page.lines().filter_map(|line| line.strip_prefix("$ "));
    let elsewhere = |line: &&str| !line.starts_with("recount demo") && !line.starts_with("recount sim");
    let bin = Path::new(env!("CARGO_BIN_EXE_recount")).parent().expect("a folder").display();
    let fingerprint = "$(recount plan --json | sed -n 's/.*\"plan\": \"\\([0-9a-f]*\\)\".*/\\1/p')";
    let lines = typed.filter(elsewhere).map(|line| {
        let real = line.replace("http://127.0.0.1:8480", &night.sim().url()).replace("FINGERPRINT", fingerprint);
        let real = real.replace("00000000-0000-0000-0000-000000000000", CLIENT_ID);
        let real = if line.starts_with("export CW_") { night.exported_keys() } else { real };
        format!(
            "printf '%s\\n' '$ {}'\n{real} || {{ code=$?; [ $code -eq 3 ] || [ $code -eq 11 ] || exit $code; }}\n",
            line.replace('\'', "")
        )
    });
    format!("export PATH={bin}:$PATH\n{}", lines.collect::<String>())
}
