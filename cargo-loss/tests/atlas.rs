//! The atlas: its files, and how a browser shows them.
//!
//! The browser is Chromium, run by its command line on pages from files, as a reader opens them. A probe page loads pages of the atlas in
//! frames and writes down what it finds; what is left of the probe when scripts have run is what tests read. Where there is no
//! Chromium those tests say so and pass.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The atlas of the sample crate and the library, built once.
fn atlas() -> &'static Path {
    static ATLAS: OnceLock<PathBuf> = OnceLock::new();
    ATLAS.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("atlas");
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sample/src");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cargo-loss"));
        let command = command.arg("atlas").arg(sample).arg("--out").arg(&out);
        let output = command.output().expect("the program runs");
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(told.starts_with("97 losses: "), "{told}");
        out
    })
}

fn text(path: &str) -> String {
    fs::read_to_string(atlas().join(path)).expect("a page")
}

#[test]
fn every_loss_has_a_page_with_all_its_parts() {
    let index = text("index.html");
    for name in ["ArcFace", "SoftmaxCrossEntropy", "RankNet", "Dice"] {
        assert!(index.contains(&format!("loss/{name}.html")), "{name}");
        let page = text(&format!("loss/{name}.html"));
        for id in [
            "definition",
            "value",
            "gradients",
            "plots",
            "derivation",
            "plan",
        ] {
            assert!(page.contains(&format!("id=\"{id}\"")), "{name}: {id}");
        }
        assert!(
            page.matches("<math").count() >= 2 && page.contains("<svg"),
            "{name}"
        );
    }
    let figures = text("figures.html");
    assert_eq!(figures.matches("<svg").count(), 3);
    for line in ["ArcFace", "CosFace", "A-Softmax", "m = 3", "γ = 2"] {
        assert!(figures.contains(line), "{line}");
    }
}

#[test]
fn nothing_comes_from_a_network() {
    let mut pages = vec![
        "index.html".to_owned(),
        "compare.html".to_owned(),
        "figures.html".to_owned(),
    ];
    for entry in fs::read_dir(atlas().join("loss")).expect("pages") {
        let name = entry.expect("an entry").file_name();
        pages.push(format!("loss/{}", name.to_string_lossy()));
    }
    for page in pages {
        let text = text(&page);
        for tag in ["src=", "<link rel=\"stylesheet\" href="] {
            for found in text.split(tag).skip(1) {
                let address = found
                    .trim_start_matches('"')
                    .split('"')
                    .next()
                    .unwrap_or_default();
                assert!(!address.contains("//"), "{page} asks for {address}");
            }
        }
        // Links lead to pages that are there.
        for link in text.split("href=\"").skip(1) {
            let target = link.split('"').next().unwrap_or_default();
            let is_own = !target.starts_with("http")
                && !target.starts_with('#')
                && !target.starts_with("data:");
            let file = target.split(['#', '?']).next().unwrap_or_default();
            let folder = Path::new(&page).parent().expect("a folder");
            assert!(
                !is_own || atlas().join(folder).join(file).exists(),
                "{page}: {target}"
            );
        }
    }
}

/// The document that a browser makes of a page, and what it complained about; `None` without a browser.
fn browsed(address: &str, flags: &[&str]) -> Option<(String, String)> {
    let known = ["chromium", "chromium-browser", "google-chrome"];
    let program = known.into_iter().find(|program| {
        let version = Command::new(program).arg("--version").output();
        version.is_ok_and(|output| output.status.success())
    });
    let Some(program) = program else {
        eprintln!("no Chromium: pages are not looked at");
        return None;
    };
    let profile = tempfile();
    let output = Command::new(program)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--no-first-run",
            "--disable-background-networking",
        ])
        .args([
            "--disable-component-update",
            "--disable-sync",
            "--disable-quic",
            "--allow-file-access-from-files",
        ])
        .args([
            "--enable-logging=stderr",
            "--virtual-time-budget=20000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(flags)
        .arg(format!("file://{}/{address}", atlas().display()))
        .output()
        .expect("Chromium runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    let console: Vec<&str> = said
        .lines()
        .filter(|line| line.contains("CONSOLE"))
        .collect();
    Some((text(&output.stdout), console.join("\n")))
}

/// A folder for a browser's profile.
fn tempfile() -> PathBuf {
    let id = format!("{:?}", std::thread::current().id());
    let digits: String = id.chars().filter(char::is_ascii_digit).collect();
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("browser-{digits}"))
}

/// What a script finds in a page that is loaded in a frame of some width.
fn probed(name: &str, page: &str, width: u32, script: &str, flags: &[&str]) -> Option<String> {
    let probe = format!(
        "<!DOCTYPE html><iframe id=frame width={width} height=2000 src=\"{page}\"></iframe><p id=found></p><script>
        frame.onload = () => {{
            const view = frame.contentWindow, page = frame.contentDocument;
            const requests = view.performance.getEntriesByType('resource').filter(e => !e.name.startsWith('file:') && !e.name.startsWith('data:'));
            const found = (() => {{ {script} }})();
            document.getElementById('found').textContent = `${{found}}; ${{requests.length}} requests`;
        }};
        </script>"
    );
    let file = format!("probe-{name}.html");
    fs::write(atlas().join(&file), probe).expect("the probe is written");
    let (page, console) = browsed(&file, flags)?;
    assert_eq!(console, "", "{name}");
    let found = page
        .split("<p id=\"found\">")
        .nth(1)
        .and_then(|rest| rest.split("</p>").next());
    Some(found.expect("the probe is in the page").to_owned())
}

#[test]
fn formulas_have_a_size_and_nothing_is_wider_than_a_phone() {
    let script = "
        const boxes = [...page.querySelectorAll('.formula math')].map(m => m.getBoundingClientRect());
        const flat = boxes.filter(b => b.width < 5 || b.height < 5).length;
        const wide = page.documentElement.scrollWidth - view.innerWidth;
        return `${boxes.length >= 2} ${flat} ${wide <= 0}`;";
    for page in ["ArcFace", "SoftmaxCrossEntropy", "MagFace"] {
        let found = probed(
            &format!("size-{page}"),
            &format!("loss/{page}.html"),
            380,
            script,
            &[],
        );
        assert!(
            found.is_none_or(|found| found == "true 0 true; 0 requests"),
            "{page}"
        );
    }
}

#[test]
fn search_finds() {
    let script = "return [...page.querySelectorAll('li[data-name]')].filter(l => !l.hidden).map(l => l.dataset.name).join(' ');";
    let found = probed(
        "search",
        "index.html?search=additive+angular",
        900,
        script,
        &[],
    );
    assert!(found.is_none_or(|found| found.contains("ArcFace") && !found.contains("Dice")));
}

#[test]
fn two_losses_are_compared() {
    let script = "return [...page.querySelectorAll('#comparison h2')].map(h => h.textContent).join(' ') + ' ' + (page.querySelectorAll('#comparison math').length > 4);";
    let found = probed(
        "compare",
        "compare.html?a=CosFace&b=ArcFace",
        900,
        script,
        &[],
    );
    assert!(found.is_none_or(|found| found == "CosFace ArcFace true; 0 requests"));
}

/// The contrast of text and background that a page has, at least 4.5 for WCAG AA, by its colours as they are computed.
const CONTRAST: &str = "
    const light = colour => {
        const [r, g, b] = colour.match(/[\\d.]+/g).slice(0, 3).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const ground = element => {
        for (let e = element; e; e = e.parentElement) {
            const colour = view.getComputedStyle(e).backgroundColor;
            if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const ratio = element => {
        const pair = [light(view.getComputedStyle(element).color), light(ground(element))].sort((a, b) => b - a);
        return (pair[0] + 0.05) / (pair[1] + 0.05);
    };
    const texts = [...page.querySelectorAll('main *, header *')].filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim()));
    const low = texts.filter(e => ratio(e) < 4.5).map(e => e.tagName + '.' + e.className);
    const dark = light(view.getComputedStyle(page.body).backgroundColor) < 0.1;";

#[test]
fn light_and_dark_have_contrast() {
    for (theme, other) in [("light", "dark"), ("dark", "light")] {
        let script = format!(
            "page.documentElement.dataset.theme = '{theme}'; {CONTRAST}
            page.getElementById('theme').click();
            return `${{dark}} [${{low}}] ${{page.documentElement.dataset.theme}}`;"
        );
        let found = probed(
            &format!("contrast-{theme}"),
            "loss/ArcFace.html",
            900,
            &script,
            &[],
        );
        let expected = format!("{} [] {other}; 0 requests", theme == "dark");
        assert!(
            found.as_ref().is_none_or(|found| *found == expected),
            "{found:?}"
        );
    }
}
