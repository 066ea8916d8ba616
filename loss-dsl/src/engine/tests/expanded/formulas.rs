//! The formulas of the loss expanded by hand, as the macro would write them.

pub(super) static DERIVATION: ::loss_dsl::Derivation = ::loss_dsl::Derivation {
    name: "Head",
    definition: "pub let z = dot[D](x, w) / t;\nlse[C](z) - z[C = y]",
    value: ::loss_dsl::Formula {
        text: "lse[C](z) - z[C = y]",
        latex: r"\operatorname{lse}_C z - z_y",
    },
    gradients: &[
        ::loss_dsl::GradientFormula {
            parameter: "x",
            symbol: ::loss_dsl::Formula {
                text: "x",
                latex: "x",
            },
            slope: ::loss_dsl::Formula {
                text: "sum[C](g * w) / t",
                latex: r"\tfrac1t \sum_C g\, w",
            },
        },
        ::loss_dsl::GradientFormula {
            parameter: "w",
            symbol: ::loss_dsl::Formula {
                text: "w",
                latex: "w",
            },
            slope: ::loss_dsl::Formula {
                text: "sum[N](g * x) / t",
                latex: r"\tfrac1t \sum_N g\, x",
            },
        },
        ::loss_dsl::GradientFormula {
            parameter: "t",
            symbol: ::loss_dsl::Formula {
                text: "t",
                latex: "t",
            },
            slope: ::loss_dsl::Formula {
                text: "-sum[C](g * z) / t",
                latex: r"-\tfrac1t \sum_C g\, z",
            },
        },
    ],
    shared: &[
        (
            ::loss_dsl::Formula {
                text: "z",
                latex: "z",
            },
            ::loss_dsl::Formula {
                text: "dot[D](x, w) / t",
                latex: r"\tfrac1t \langle x, w\rangle",
            },
        ),
        (
            ::loss_dsl::Formula {
                text: "g",
                latex: r"\bar g",
            },
            ::loss_dsl::Formula {
                text: "softmax[C](z) - (C == y)",
                latex: r"\sigma(z) - e_y",
            },
        ),
    ],
    conventions: &[],
    hazards: &[],
    search: ::loss_dsl::Search {
        e_nodes: 0,
        saturated: true,
    },
    plan: ::loss_dsl::Plan { kernels: &[] },
};
