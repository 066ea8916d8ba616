//! The operators: the one list that every stage matches on without a wildcard.
//!
//! Sums and products are not here: they are n-ary nodes in a normal form (see
//! [`Node`](super::Node)), so that associativity and commutativity never have to
//! be searched for. `a - b`, `-a`, `a / b` and integer powers are sums and products.

/// Elementwise functions of one real argument.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum UnaryOp {
    /// `e^x`.
    Exp,
    /// Natural logarithm, x ≥ 0 (−∞ at 0).
    Ln,
    /// `ln(1 + x)`.
    Log1p,
    /// `e^x − 1`.
    Expm1,
    /// Square root, x ≥ 0. Slope taken as 0 at 0.
    Sqrt,
    /// Absolute value. Slope 0 at 0.
    Abs,
    /// −1, 0 or 1. Slope 0.
    Sign,
    /// Hyperbolic tangent.
    Tanh,
    /// `1 / (1 + e^−x)`.
    Sigmoid,
    /// `ln(1 + e^x)`.
    Softplus,
    /// `softplus(x) / sigmoid(x)`, which tends to 1 as x → −∞: `−ln p / (1 − p)` for
    /// a probability p = sigmoid(−x), without its removable singularity at p = 1.
    SoftplusOverSigmoid,
    /// Sine.
    Sin,
    /// Cosine.
    Cos,
    /// Tangent.
    Tan,
    /// Inverse sine, |x| ≤ 1.
    Asin,
    /// Inverse cosine, |x| ≤ 1.
    Acos,
    /// Inverse tangent.
    Atan,
    /// Hyperbolic sine.
    Sinh,
    /// Hyperbolic cosine.
    Cosh,
    /// `ln(cosh(x))`, which neither overflows nor cancels near 0.
    LnCosh,
    /// Error function.
    Erf,
    /// Largest integer not above x. Slope 0.
    Floor,
    /// Smallest integer not below x. Slope 0.
    Ceil,
    /// Nearest integer, ties to even. Slope 0.
    Round,
    /// `ln(1 − e^x)`, x ≤ 0.
    Log1mExp,
    /// `1 / x`, and 0 at 0: the inverse of a norm.
    RecipOrZero,
}

impl UnaryOp {
    /// All of them, for tables and tests.
    pub const ALL: [UnaryOp; 26] = [
        UnaryOp::Exp,
        UnaryOp::Ln,
        UnaryOp::Log1p,
        UnaryOp::Expm1,
        UnaryOp::Sqrt,
        UnaryOp::Abs,
        UnaryOp::Sign,
        UnaryOp::Tanh,
        UnaryOp::Sigmoid,
        UnaryOp::Softplus,
        UnaryOp::SoftplusOverSigmoid,
        UnaryOp::Sin,
        UnaryOp::Cos,
        UnaryOp::Tan,
        UnaryOp::Asin,
        UnaryOp::Acos,
        UnaryOp::Atan,
        UnaryOp::Sinh,
        UnaryOp::Cosh,
        UnaryOp::LnCosh,
        UnaryOp::Erf,
        UnaryOp::Floor,
        UnaryOp::Ceil,
        UnaryOp::Round,
        UnaryOp::Log1mExp,
        UnaryOp::RecipOrZero,
    ];

    /// The name in the language, in formulas and in the run-time library.
    pub fn name(self) -> &'static str {
        match self {
            UnaryOp::Exp => "exp",
            UnaryOp::Ln => "ln",
            UnaryOp::Log1p => "log1p",
            UnaryOp::Expm1 => "expm1",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Abs => "abs",
            UnaryOp::Sign => "sign",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Sigmoid => "sigmoid",
            UnaryOp::Softplus => "softplus",
            UnaryOp::SoftplusOverSigmoid => "softplus_over_sigmoid",
            UnaryOp::Sin => "sin",
            UnaryOp::Cos => "cos",
            UnaryOp::Tan => "tan",
            UnaryOp::Asin => "asin",
            UnaryOp::Acos => "acos",
            UnaryOp::Atan => "atan",
            UnaryOp::Sinh => "sinh",
            UnaryOp::Cosh => "cosh",
            UnaryOp::LnCosh => "ln_cosh",
            UnaryOp::Erf => "erf",
            UnaryOp::Floor => "floor",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Round => "round",
            UnaryOp::Log1mExp => "log1mexp",
            UnaryOp::RecipOrZero => "recip_or_zero",
        }
    }
}

/// Elementwise functions of two real arguments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum BinaryOp {
    /// `x^y` with y not a constant integer; `0^0 = 1`. x ≥ 0, or x is known to be negative and y is always an
    /// integer, as in `(−1)^⌊t⌋`.
    Pow,
    /// The smaller. The slope is shared equally at a tie.
    Min,
    /// The larger. The slope is shared equally at a tie.
    Max,
    /// `x · ln y`, and 0 where x = 0.
    Xlogy,
}

impl BinaryOp {
    /// All of them, for tables and tests.
    pub const ALL: [BinaryOp; 4] = [BinaryOp::Pow, BinaryOp::Min, BinaryOp::Max, BinaryOp::Xlogy];

    /// The name in the language and in formulas.
    pub fn name(self) -> &'static str {
        match self {
            BinaryOp::Pow => "pow",
            BinaryOp::Min => "min",
            BinaryOp::Max => "max",
            BinaryOp::Xlogy => "xlogy",
        }
    }
}

/// Comparisons; `>` and `>=` are written with the sides exchanged, `!=` as not equal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum CompareOp {
    /// Equal: of two reals, or of two positions on one dimension.
    Eq,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
}

/// Reductions: they close the axes that they run over.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Reducer {
    /// Sum; 0 over nothing.
    Sum,
    /// Maximum; −∞ over nothing. The slope is shared equally among ties.
    Max,
    /// `ln Σ e^x`; −∞ over nothing, with slope 0.
    Lse,
    /// Euclidean norm `√Σx²`. Slope 0 at 0.
    Norm,
}

impl Reducer {
    /// The name in the language and in formulas.
    pub fn name(self) -> &'static str {
        match self {
            Reducer::Sum => "sum",
            Reducer::Max => "max",
            Reducer::Lse => "lse",
            Reducer::Norm => "norm",
        }
    }
}

/// What of a softmax is meant: with p = e^u / Σ e^z.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum SoftmaxForm {
    /// `p`.
    Prob,
    /// `ln p`.
    Log,
    /// `1 − p`, computed as the share of the others. Only at one position.
    Complement,
    /// `ln(1 − p)`. Only at one position.
    LogComplement,
    /// `ln p / (1 − p)`, −1 at p = 1. Only at one position.
    LogOverComplement,
}
