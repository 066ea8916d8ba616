//! Whole losses: what is printed, and that it means what is computed.

use std::collections::BTreeMap;

use crate::compile::compile;
use crate::ir::eval::{Environment, Value, central_difference, eval};
use crate::ir::{AxisSet, Gradient, Graph, Node, NodeId, Reducer, Role};
use crate::render::derivation;
use crate::render::formula::Formula;
use crate::render::meaning::Reader;
use crate::render::naming::page;
use crate::render::symbol::{Symbol, SymbolRole};

/// Literal and simplified, by name.
fn losses(source: &str) -> Vec<(String, [Gradient; 2])> {
    let tokens = source.parse().unwrap();
    let compiled = compile(tokens).unwrap_or_else(|mistakes| {
        let texts: Vec<_> = mistakes.iter().map(|mistake| mistake.text()).collect();
        panic!("{texts:?} in {source}")
    });
    compiled
        .into_iter()
        .map(|loss| {
            let name = loss.literal.loss.name.clone();
            (name, [loss.literal, loss.simplified.formula])
        })
        .collect()
}

fn built_in() -> Vec<(String, [Gradient; 2])> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../loss-dsl/src/losses");
    let blocks = crate::syntax::blocks_below(folder.as_ref()).unwrap();
    blocks.iter().flat_map(|b| losses(&b.to_string())).collect()
}

/// Numbers without pattern, the same on every machine.
fn environment(graph: &Graph, dims: &[usize], seed: u64) -> Environment {
    let mut state = seed;
    let mut next = move || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut env = Environment::new(graph, dims);
    for (id, param) in graph.param_ids().zip(graph.params()) {
        let len = env.len_of(graph, id);
        let value = match param.role {
            Role::Tensor { .. } | Role::Cotangent => {
                let low = if param.range.is_nonnegative() {
                    0.1
                } else {
                    -1.5
                };
                Value::Real((0..len).map(|_| low + 3.0 * next()).collect())
            }
            Role::Label(dim) => {
                let extent = dims[usize::from(dim.0)] as f64;
                Value::Label((0..len).map(|_| (extent * next()) as usize).collect())
            }
            Role::Mask => Value::Mask((0..len).map(|_| next() < 0.5).collect()),
            Role::Flag(_) => Value::Flag(next() < 0.5),
            Role::Scalar { .. } | Role::Static(_) => continue,
        };
        env.set(id, value);
    }
    env
}

fn agree(graph: &Graph, env: &Environment, node: NodeId, reader: &Reader<'_>, formula: &Formula) {
    let tensor = eval::<f64>(graph, env, node);
    let names: Vec<_> = tensor
        .axes
        .iter()
        .map(|axis| Symbol::named(&graph.axis(*axis).name, SymbolRole::Axis).letter)
        .collect();
    for (i, want) in tensor.reals().iter().enumerate() {
        let mut at = BTreeMap::new();
        let mut rest = i;
        for (name, extent) in names.iter().zip(&tensor.shape).rev() {
            at.insert(name.clone(), rest % extent);
            rest /= extent;
        }
        let got = reader.value(formula, &at);
        let error = (got - want).abs();
        assert!(
            error <= 1e-9 * want.abs().max(1.0),
            "{got} for {want} at {at:?} in {}",
            formula.text()
        );
    }
}

/// The gradients are those of the loss, by central differences of Σ cotangent · loss. Away from kinks:
/// the numbers have no pattern. What is detached has a slope but no gradient: a flag that detaches is off.
fn assert_is_the_gradient(gradient: &Gradient, detaches: bool) {
    let mut graph = gradient.loss.graph.clone();
    let seed = graph.load_whole(gradient.cotangent);
    let weighted = graph.mul(seed, gradient.loss.value);
    let batch: AxisSet = gradient.loss.batch.iter().copied().collect();
    let total = graph.reduce(Reducer::Sum, batch, weighted);
    let mut env = environment(&graph, &[3, 4, 2, 2][..graph.dim_count()], 5);
    for id in graph.param_ids() {
        if detaches && matches!(graph.param(id).role, Role::Flag(_)) {
            env.set(id, Value::Flag(false));
        }
    }
    for &(param, node) in &gradient.gradients {
        let declared = &graph.param(param).axes;
        let slopes = eval::<f64>(&graph, &env, node).laid_out(&graph, &env, declared);
        for (element, slope) in slopes.into_iter().enumerate() {
            let want = central_difference(&graph, &env, total, param, element, 1e-5);
            let error = (slope - want).abs();
            let name = &graph.param(param).name;
            assert!(
                error < 1e-6 * want.abs().max(1.0),
                "∂/∂{name}[{element}] of {} is {slope}, not {want}",
                gradient.loss.name
            );
        }
    }
}

/// Every printed formula has the value of the node it stands for.
fn assert_means_what_it_says(gradient: &Gradient) {
    let graph = &gradient.loss.graph;
    let written = page(gradient);
    for seed in 1..4 {
        let env = environment(graph, &[3, 4, 2, 2][..graph.dim_count()], seed);
        let outputs = gradient.loss.auxiliary.iter().zip(&written.auxiliary);
        let outputs = outputs.map(|(output, formula)| {
            let symbol = Symbol::named(&output.name, SymbolRole::Tensor);
            (symbol, formula.clone())
        });
        let definitions: Vec<_> = written.shared.iter().cloned().chain(outputs).collect();
        let reader = Reader {
            graph,
            env: &env,
            definitions: &definitions,
        };
        agree(graph, &env, gradient.loss.value, &reader, &written.value);
        for ((_, node), formula) in gradient.gradients.iter().zip(&written.gradients) {
            agree(graph, &env, *node, &reader, formula);
        }
    }
}

#[test]
fn built_in_losses_mean_what_they_say() {
    let losses = built_in();
    assert!(losses.len() >= 10);
    for (name, [literal, simplified]) in losses {
        println!("{name}\n{}", derivation(&simplified));
        assert_means_what_it_says(&literal);
        assert_means_what_it_says(&simplified);
    }
}

/// Losses with what the built-in ones do not have: pairs, filters, norms, detached weights, outputs.
const OTHERS: &str = "
    pub ArcMargin(x: [N, D], w: [C, D], y: [N] in C, s: scalar = 64.0, m: scalar = 0.5) {
        let c = dot[D](unit[D](x), unit[D](w));
        let phi = cos(acos(c[C = y]) + m);
        let z = s * (if C == y { phi } else { c });
        lse[C](z) - z[C = y]
    }
    pub Smoothed(z: [N, C], y: [N] in C, eps: scalar = 0.1) {
        let l = log_softmax[C](z);
        -(1 - eps) * l[C = y] - eps * mean[C](l)
    }
    pub Entropy(z: [N, C]) {
        let p = softmax[C](z);
        -sum[C](p * ln(p))
    }
    pub Bce(x: [N], t: const [N]) {
        softplus(x) - t * x
    }
    pub Hinge(z: [N, C], y: [N] in C, m: scalar = 1.0) {
        sum[C, C != y](max(0, m + z - z[C = y]))
    }
    pub Center(x: [N, D], centers: [C, D], y: [N] in C) {
        0.5 * sum[D]((x - centers[C = y]) * (x - centers[C = y]))
    }
    pub Contrastive(a: [N, D], b: [N, D], tau: scalar = 0.07) {
        axis M like N;
        let s = dot[D](unit[D](a), unit[D](b[N -> M])) / tau;
        lse[M](s) - s[M = N]
    }
    pub Huber(x: [N], t: const [N], delta: scalar = 1.0) {
        let r = abs(x - t);
        if r <= delta { 0.5 * r * r } else { delta * (r - 0.5 * delta) }
    }
    pub Dice(x: [N, H], t: const [N, H], eps: scalar = 1e-6) {
        let p = sigmoid(x);
        1 - (2 * sum[H](p * t) + eps) / (sum[H](p) + sum[H](t) + eps)
    }
    pub Modulated(z: [N, C], y: [N] in C, gamma: scalar = 2.0) {
        let p = softmax[C](z)[C = y];
        -detach(pow(1 - p, gamma)) * ln(p)
    }
    pub Triplet(a: [N, D], b: [N, D], c: [N, D], m: scalar = 0.2) {
        max(0, norm[D](a - b) - norm[D](a - c) + m)
    }
    pub WithLogits(x: [N, D], w: [C, D], y: [N] in C) {
        pub let logits = dot[D](x, w);
        lse[C](logits) - logits[C = y]
    }
    pub Supervised(x: [N, D], y: [N] in C, k: const [C], tau: scalar = 0.1) {
        axis M like N;
        let u = unit[D](x);
        let s = dot[D](u, u[N -> M]) / tau;
        let positives = count[M, M != N && y == y[N -> M]];
        let l = lse[M, M != N](s);
        k[C = y] * if positives > 0 { l - sum[M, M != N && y == y[N -> M]](s) / positives } else { 0 }
    }
";

#[test]
fn other_losses_mean_what_they_say() {
    for (name, [literal, simplified]) in losses(OTHERS) {
        println!("{name}\n{}", derivation(&simplified));
        assert_means_what_it_says(&literal);
        assert_means_what_it_says(&simplified);
    }
}

#[test]
fn gradients_are_those_of_the_loss() {
    let others = losses(OTHERS).into_iter();
    // What is detached has no gradient but a slope.
    let others = others.filter(|(name, _)| name != "Modulated");
    for (_, [literal, simplified]) in built_in().into_iter().chain(others) {
        let graph = &literal.loss.graph;
        let value = graph.reachable(&[literal.loss.value]);
        let detaches = value
            .into_iter()
            .any(|id| matches!(graph.node(id), Node::Detach(_)));
        assert_is_the_gradient(&literal, detaches);
        assert_is_the_gradient(&simplified, detaches);
    }
}

/// The derivation of one loss of the list, as lines; a caret for the combining hat.
fn printed(all: &[(String, [Gradient; 2])], name: &str) -> String {
    let (_, [_, simplified]) = all.iter().find(|(known, _)| known == name).unwrap();
    derivation(simplified).to_string().replace('\u{302}', "^")
}

#[test]
fn what_a_textbook_prints() {
    let all = built_in();
    assert_eq!(
        printed(&all, "SoftmaxCrossEntropy"),
        "L = lse[C](z) − z[C = y]\n\
         ∂/∂z = ḡ · (softmax[C](z) − 1[C = y])\n"
    );
    assert_eq!(
        printed(&all, "Focal"),
        "L = −(1 − p[C = y])^γ · ln(p[C = y])\n\
         ∂/∂z = ḡ · (1 − p[C = y])^γ · (1 − γ · p[C = y] · ln(p[C = y]) / (1 − p[C = y])) · (p − 1[C = y])\n\
         where\n  p = softmax[C](z)\n"
    );
    assert_eq!(
        printed(&all, "BinaryFocal"),
        "L = −(α if t, otherwise 1 − α) · (1 − p)^γ · ln(p)\n\
         ∂/∂x = ḡ · (−α if t, otherwise 1 − α) · (1 − p)^γ · (1 − p − γ · p · ln(p))\n\
         where\n  p = σ(x if t, otherwise −x)\n"
    );
    let margin = printed(&all, "CosFace");
    assert!(margin.starts_with("L = lse[C](z) − z[C = y]\n"), "{margin}");
    assert!(margin.contains("\n  x^ = x / ‖x‖[D]\n"), "{margin}");
    assert!(margin.contains("\n  c = Σ[D](x^ · w^)\n"), "{margin}");
    assert!(
        margin.contains("\n  z = s · (c − m if C = y, otherwise c)\n"),
        "{margin}"
    );
    assert_eq!(
        printed(&losses(OTHERS), "Center"),
        "L = Σ[D]((x − centers[C = y])²) / 2\n\
         ∂/∂x = ḡ · (x − centers[C = y])\n\
         ∂/∂centers = −Σ[N, C = y](ḡ · (x − centers))\n"
    );
}

#[test]
fn focal_in_latex() {
    let all = built_in();
    let (_, [_, simplified]) = all.iter().find(|(name, _)| name == "Focal").unwrap();
    let derivation = derivation(simplified);
    assert_eq!(
        derivation.value.latex,
        "-(1 - p_{C = y})^{\\gamma} \\, \\ln(p_{C = y})"
    );
    assert_eq!(
        derivation.gradients[0].1.latex,
        "\\bar{g} \\, (1 - p_{C = y})^{\\gamma} \\, \\left( 1 - \\frac{\\gamma \\, p_{C = y} \\, \\ln(p_{C = y})}{1 - p_{C = y}} \\right) \\, \
         (p - \\mathbb{1}[C = y])"
    );
    assert_eq!(
        derivation.shared[0].1.latex,
        "\\operatorname{softmax}_{C}(z)"
    );
    for formula in [&derivation.value, &derivation.gradients[0].1] {
        assert!(!formula.mathml.contains(['\n', '[', ']', '*', '_', '|']));
    }
}

#[test]
fn derivations_are_deterministic() {
    let derive = |(_, [_, simplified]): &(String, [Gradient; 2])| derivation(simplified);
    let [first, second] =
        [losses(OTHERS), losses(OTHERS)].map(|all| all.iter().map(derive).collect::<Vec<_>>());
    assert_eq!(first, second);
}

#[test]
fn outputs_keep_their_names() {
    let text = printed(&losses(OTHERS), "WithLogits");
    assert!(
        text.starts_with("L = lse[C](logits) − logits[C = y]\nlogits = Σ[D](x · w)\n"),
        "{text}"
    );
}

#[test]
fn names_do_not_clash_with_parameters() {
    // p and t are taken.
    let all = losses(
        "pub Taken(p: [N, C], t: const [N, C], y: [N] in C) {
            let q = softmax[C](p * t);
            -sum[C](q * ln(q)) - q[C = y]
        }",
    );
    let text = printed(&all, "Taken");
    assert!(text.contains("u₁ = softmax[C]("), "{text}");
}
