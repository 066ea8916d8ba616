use loss_tests::support::library::FILES;
use loss_tests::support::subject::Subject;
fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    for (name, _) in FILES {
        if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
            continue;
        }
        let start = std::time::Instant::now();
        let audit = Subject::built_in(name).loss.audit();
        if !wanted.is_empty() {
            println!("{audit}");
        } else {
            println!(
                "{name:28} kernel {} | naive {} {:?}",
                audit.kernel(),
                audit.naive(),
                start.elapsed()
            );
        }
    }
}
