//! The smallest list of choices that still fails, nearly.
//!
//! Behind the end of a list stand zeros and a smaller choice is a simpler one, so a list is made smaller in three ways: a stretch of it is
//! left out, is set to 0, or is halved. Stretches are tried from long to short, as in delta debugging (Zeller & Hildebrandt 2002),
//! over and over until nothing helps, or until enough has been tried: a program that takes long to check is not to be
//! checked for ever.

/// What may be done to a stretch.
type Step = fn(&[u32]) -> Vec<u32>;

const STEPS: [Step; 3] = [
    |_| vec![],
    |stretch| vec![0; stretch.len()],
    |stretch| stretch.iter().map(|choice| choice / 2).collect(),
];

/// Makes a list that fails smaller, by at most `tries` calls of `fails`.
pub fn shrink(
    mut list: Vec<u32>,
    mut tries: usize,
    mut fails: impl FnMut(&[u32]) -> bool,
) -> Vec<u32> {
    loop {
        let before = list.clone();
        for step in STEPS {
            let mut len = list.len();
            while len > 0 {
                let mut start = 0;
                while start < list.len() {
                    let end = list.len().min(start + len);
                    let mut smaller = list[..start].to_vec();
                    smaller.extend(step(&list[start..end]));
                    smaller.extend(&list[end..]);
                    if smaller == list {
                        start = end;
                        continue;
                    }
                    if tries == 0 {
                        return list;
                    }
                    tries -= 1;
                    if fails(&smaller) {
                        list = smaller;
                    } else {
                        start = end;
                    }
                }
                len /= 2;
            }
        }
        if list == before {
            return list;
        }
    }
}

#[test]
fn what_matters_is_left() {
    // Two choices of these sizes, in this order, wherever they stand.
    let fails = |list: &[u32]| {
        let first = list.iter().position(|&choice| choice >= 1000);
        first.is_some_and(|first| list[first + 1..].iter().any(|&choice| choice >= 10))
    };
    let list: Vec<u32> = (0..100).map(|i| 40 * i).collect();
    assert!(fails(&list));
    let small = shrink(list.clone(), usize::MAX, fails);
    assert!(
        small.len() == 2 && small[0] < 2000 && small[1] < 20,
        "{small:?}"
    );
    let mut calls = 0;
    let fails = |list: &[u32]| {
        calls += 1;
        fails(list)
    };
    let bounded = shrink(list.clone(), 20, fails);
    assert!(bounded.len() < list.len() && calls == 20);
}
