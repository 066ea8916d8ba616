//! What expressions look like: a table of texts with holes.
//!
//! A row makes a value of its [`Kind`] from values of others. `#kind` is a hole for an expression, `#name:kind` one that is
//! written again wherever `#name` stands. `#kind+A` must have the axis A, which is open inside of the hole. Axes are:
//!
//! * `#A`, `#E`: not open around the row, so that a reduction may close them;
//! * `#L`: likewise, and one that positions point into;
//! * `#O`: open around the row;
//! * `#R`, `#S`: two indices over one dimension, the second open: `#real+R` has `R` in the place of `S`.
//!
//! `#place+A` is a position on the axis A. Arguments are kept in the domains of functions by construction, with room to its ends:
//! what is not finite tells nothing. Rows of [`Kind::Real`] begin with what is simple; behind them stand the forms that textbooks
//! print and that rules look for.

/// What is known of the values of an expression by the way it is written.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Any real number.
    Real,
    /// Of moderate size, so that it may stand in an exponent.
    Small,
    /// Above 0.
    Pos,
    /// Between −1 and 1.
    Cos,
    /// Between 0 and 1.
    Unit,
    /// A truth value.
    Truth,
    /// Who a sample belongs to.
    Id,
    /// A position on an axis.
    Place,
}

impl Kind {
    /// The kind of a name in the table.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "real" => Kind::Real,
            "small" => Kind::Small,
            "pos" => Kind::Pos,
            "cos" => Kind::Cos,
            "unit" => Kind::Unit,
            "truth" => Kind::Truth,
            "id" => Kind::Id,
            "place" => Kind::Place,
            _ => return None,
        })
    }

    /// Whether every value of this kind is one of the other.
    pub fn is_a(self, other: Kind) -> bool {
        self == other
            || match self {
                Kind::Small | Kind::Pos => other == Kind::Real,
                Kind::Cos => matches!(other, Kind::Real | Kind::Small),
                Kind::Unit => {
                    matches!(other, Kind::Real | Kind::Small | Kind::Pos | Kind::Cos)
                }
                Kind::Real | Kind::Truth | Kind::Id | Kind::Place => false,
            }
    }

    /// What two values of the kind are joined by, so that the result is of the kind.
    pub fn join(self) -> &'static str {
        match self {
            Kind::Real | Kind::Small | Kind::Cos | Kind::Unit => "*",
            Kind::Pos => "+",
            Kind::Truth => "&&",
            Kind::Id | Kind::Place => "==",
        }
    }
}

/// Rows: kind, weight, text.
pub const ROWS: &[(Kind, usize, &str)] = &[
    // Arithmetic.
    (Kind::Real, 12, "(#real + #real)"),
    (Kind::Real, 8, "(#real - #real)"),
    (Kind::Real, 12, "(#real * #real)"),
    (Kind::Real, 4, "(-#real)"),
    (Kind::Real, 6, "(#real / #pos)"),
    (Kind::Real, 2, "(#real / #pos / #pos)"),
    (Kind::Real, 2, "(#real - #real * #real + #real)"),
    (Kind::Real, 2, "(-#real - -#real)"),
    (Kind::Real, 4, "square(#real)"),
    (Kind::Real, 2, "pow(#real, 3)"),
    (Kind::Real, 1, "pow(#pos, -2)"),
    (Kind::Real, 12, "#small"),
    (Kind::Real, 6, "#pos"),
    (Kind::Real, 4, "#unit"),
    (Kind::Small, 4, "#cos"),
    (Kind::Small, 4, "#unit"),
    (Kind::Pos, 4, "#unit"),
    (Kind::Cos, 4, "#unit"),
    // Functions of one number.
    (Kind::Real, 4, "ln(#pos)"),
    (Kind::Real, 1, "log1p(#pos)"),
    (Kind::Real, 1, "log2(#pos)"),
    (Kind::Real, 1, "log10(#pos)"),
    (Kind::Real, 1, "log1mexp(-#pos)"),
    (Kind::Real, 2, "log_sigmoid(#real)"),
    (Kind::Real, 1, "expm1(#small)"),
    (Kind::Real, 1, "sinh(#small)"),
    (Kind::Real, 1, "tan(#cos)"),
    (Kind::Real, 1, "asin(#cos)"),
    (Kind::Real, 2, "acos(#cos)"),
    (Kind::Real, 2, "abs(#real)"),
    (Kind::Real, 1, "sign(#real)"),
    (Kind::Real, 2, "relu(#real)"),
    (Kind::Real, 1, "floor(#real)"),
    (Kind::Real, 1, "ceil(#real)"),
    (Kind::Real, 1, "round(#real)"),
    (Kind::Real, 3, "detach(#real)"),
    (Kind::Real, 1, "number(#O)"),
    (Kind::Small, 3, "tanh(#real)"),
    (Kind::Small, 2, "sin(#real)"),
    (Kind::Small, 2, "cos(#real)"),
    (Kind::Small, 1, "atan(#real)"),
    (Kind::Small, 1, "erf(#small)"),
    (Kind::Small, 1, "clamp(#real, -2, 1.5)"),
    (Kind::Small, 2, "(#small / 2)"),
    (Kind::Small, 2, "(-#small)"),
    (Kind::Small, 2, "(#small * #cos)"),
    (Kind::Small, 2, "(2 * #unit - 1)"),
    (Kind::Small, 1, "(if #truth { #small } else { #small })"),
    (Kind::Pos, 6, "exp(#small)"),
    (Kind::Pos, 4, "softplus(#real)"),
    (Kind::Pos, 4, "(1 + square(#real))"),
    (Kind::Pos, 2, "(#x:real * #x + 0.25)"),
    (Kind::Pos, 4, "(#pos + #pos)"),
    (Kind::Pos, 3, "(#pos * #pos)"),
    (Kind::Pos, 2, "(#pos / #pos)"),
    (Kind::Pos, 2, "sqrt(#pos)"),
    (Kind::Pos, 1, "recip(#pos)"),
    (Kind::Pos, 1, "cosh(#small)"),
    (Kind::Pos, 2, "pow(#pos, #small)"),
    (Kind::Pos, 1, "pow(#pos, 0.5)"),
    (Kind::Pos, 1, "(-ln(#unit))"),
    (Kind::Pos, 1, "(abs(#real) + 0.5)"),
    (Kind::Pos, 1, "(if #truth { #pos } else { #pos })"),
    (Kind::Unit, 4, "sigmoid(#real)"),
    (Kind::Unit, 2, "exp(-#pos)"),
    (Kind::Unit, 2, "(1 - #unit)"),
    (Kind::Unit, 2, "(#unit * #unit)"),
    (Kind::Unit, 1, "pow(#unit, #pos)"),
    (Kind::Unit, 2, "(#x:pos / (#x + #pos))"),
    (Kind::Unit, 2, "(1 / (1 + exp(-#small)))"),
    (Kind::Cos, 3, "(0.9 * tanh(#real))"),
    (Kind::Cos, 2, "(0.9 * sin(#real))"),
    (Kind::Cos, 1, "(#unit - #unit)"),
    (Kind::Cos, 1, "(#cos * #cos)"),
    // Functions of several.
    (Kind::Real, 3, "max(#real, #real)"),
    (Kind::Real, 2, "min(#real, #real)"),
    (Kind::Real, 1, "max(0, #real, #real)"),
    (Kind::Real, 1, "clamp(#real, -1, 1.25)"),
    (Kind::Real, 2, "xlogy(#pos, #pos)"),
    (Kind::Real, 6, "(if #truth { #real } else { #real })"),
    (Kind::Real, 1, "(if #truth { #real } else { 0 } * #real)"),
    // Reductions.
    (Kind::Real, 9, "sum[#A](#real+A)"),
    (Kind::Real, 4, "mean[#A](#real+A)"),
    (Kind::Real, 3, "max[#A](#real+A)"),
    (Kind::Real, 2, "min[#A](#real+A)"),
    (Kind::Real, 5, "lse[#A](#real+A)"),
    (Kind::Real, 4, "norm[#A](#real+A)"),
    (Kind::Real, 6, "dot[#A](#real+A, #real+A)"),
    (Kind::Real, 2, "sum[#A, #E](#real+A+E)"),
    (Kind::Real, 1, "mean[#A, #E](#real+A+E)"),
    (Kind::Real, 1, "lse[#A, #E](#real+A+E)"),
    (Kind::Real, 2, "log_softmax[#O](#real+O)"),
    (Kind::Real, 2, "unit[#O](#real+O)"),
    (Kind::Real, 3, "sum[#A, #truth+A](#real+A)"),
    (Kind::Real, 2, "mean[#A, #truth+A](#real+A)"),
    (Kind::Real, 2, "count[#A, #truth+A]"),
    (Kind::Real, 2, "sum[#A, #A != #place+A](#real+A)"),
    (
        Kind::Real,
        1,
        "(if count[#A, #c:truth+A] > 0 { max[#A, #c](#real+A) } else { 0 })",
    ),
    (
        Kind::Real,
        2,
        "(if count[#A, #c:truth+A] > 0 { lse[#A, #c](#real+A) } else { 0 })",
    ),
    (
        Kind::Real,
        1,
        "sum[#A](softmax[#A, #truth+A](#real+A) * #real+A)",
    ),
    (Kind::Real, 1, "norm[#A, #truth+A](#real+A)"),
    (Kind::Real, 1, "dot[#A, #truth+A](#real+A, #real+A)"),
    (
        Kind::Real,
        1,
        "sum[#A](unit[#A, #truth+A](#real+A) * #real+A)",
    ),
    (Kind::Pos, 3, "sum[#A](exp(#small+A))"),
    (Kind::Pos, 2, "(norm[#A](#real+A) + 0.5)"),
    (Kind::Pos, 2, "(1 + sum[#A](square(#real+A)))"),
    (Kind::Pos, 1, "mean[#A](#pos+A)"),
    (Kind::Pos, 1, "(1 + count[#A, #truth+A])"),
    (Kind::Unit, 2, "softmax[#O](#real+O)"),
    (Kind::Unit, 3, "softmax[#L](#real+L)[#L = #place+L]"),
    (
        Kind::Unit,
        2,
        "(exp(#z:small+L)[#L = #place+L] / sum[#L](exp(#z)))",
    ),
    (Kind::Unit, 1, "(exp(#z:small+O) / sum[#O](exp(#z)))"),
    (
        Kind::Cos,
        5,
        "dot[#A](unit[#A](#real+A), unit[#A](#real+A))",
    ),
    // Indices.
    (Kind::Real, 8, "#real+L[#L = #place+L]"),
    (Kind::Real, 3, "#real+R[#R -> #S]"),
    (Kind::Truth, 6, "(#real < #real)"),
    (Kind::Truth, 2, "(#real <= #real)"),
    (Kind::Truth, 1, "(#real > #real)"),
    (Kind::Truth, 1, "(#real >= #small)"),
    (Kind::Truth, 8, "(#O == #place+O)"),
    (Kind::Truth, 4, "(#O != #place+O)"),
    (Kind::Truth, 1, "(#O < #place+O)"),
    (Kind::Truth, 2, "(#place+A == #place+A)"),
    (Kind::Truth, 3, "(#id == #id)"),
    (Kind::Truth, 1, "(#id != #id)"),
    (Kind::Truth, 3, "(#truth && #truth)"),
    (Kind::Truth, 2, "(#truth || #truth)"),
    (Kind::Truth, 3, "!#truth"),
    // Losses as textbooks print them.
    (Kind::Real, 4, "(lse[#L](#z:real+L) - #z[#L = #place+L])"),
    (
        Kind::Real,
        2,
        "(-ln(exp(#z:small+L)[#L = #place+L] / sum[#L](exp(#z))))",
    ),
    (Kind::Real, 3, "(-ln(softmax[#L](#real+L)[#L = #place+L]))"),
    (Kind::Real, 2, "(-log_softmax[#L](#real+L)[#L = #place+L])"),
    (
        Kind::Real,
        6,
        "(lse[#L](#z:real+L) - 0.9 * #z[#L = #place+L] - 0.1 * mean[#L](#z))",
    ),
    (
        Kind::Real,
        2,
        "(-sum[#L](((1 - #e:real) * (if #L == #place+L { 1 } else { 0 }) + #e / size[#L]) * log_softmax[#L](#real+L)))",
    ),
    (Kind::Real, 2, "(-pow(1 - #p:unit, #pos) * ln(#p))"),
    (Kind::Real, 1, "(-detach(pow(1 - #p:unit, 2)) * ln(#p))"),
    (Kind::Real, 2, "((1 - pow(#unit, #q:pos)) / #q)"),
    (Kind::Real, 2, "(1 - softmax[#L](#real+L)[#L = #place+L])"),
    (Kind::Real, 1, "ln(1 - #unit)"),
    (Kind::Real, 1, "ln(1 + exp(#small))"),
    (Kind::Real, 1, "ln(exp(#real) + exp(-#real))"),
    (Kind::Real, 1, "ln(cosh(#small))"),
    (Kind::Real, 1, "ln(sum[#A](exp(#small+A)))"),
    (Kind::Real, 1, "(#p:unit * ln(#p))"),
    (Kind::Real, 1, "sum[#A](xlogy(#p:unit+A, #p))"),
    (
        Kind::Real,
        1,
        "sum[#A](softmax[#A](#a:real+A) * (log_softmax[#A](#a) - log_softmax[#A](#real+A)))",
    ),
    (
        Kind::Real,
        2,
        "(#t:real * softplus(-#x:real) + (1 - #t) * softplus(#x))",
    ),
    (
        Kind::Real,
        1,
        "(-(#t:unit * ln(sigmoid(#x:real)) + (1 - #t) * ln(1 - sigmoid(#x))))",
    ),
    // Powers.
    (Kind::Real, 2, "exp(#small * ln(#pos))"),
    (Kind::Real, 2, "(pow(#p:pos, #g:small) * #p * #real)"),
    (Kind::Real, 1, "(pow(#p:pos, #small) * pow(#p, #small))"),
    (Kind::Real, 2, "ln(#pos * #pos)"),
    (Kind::Real, 1, "ln(#pos / #pos)"),
    (Kind::Real, 1, "expm1(#small * ln(#unit))"),
    // Parts of a whole.
    (Kind::Real, 2, "(1 - #a:pos / (#a + #pos))"),
    (Kind::Real, 2, "ln(#a:pos / (#a + 2 * #pos))"),
    (Kind::Real, 1, "(#s:pos / (#s + #e:pos) - 1)"),
    (Kind::Real, 2, "(sqrt(#x:real * #x + #e:pos * #e) - #e)"),
    (
        Kind::Real,
        1,
        "(1 - (2 * sum[#A](#p:unit+A * #t:unit+A) + 1) / (sum[#A](#p) + sum[#A](#t) + 1))",
    ),
    // Angles.
    (Kind::Real, 3, "cos(acos(#cos) + #small)"),
    (Kind::Real, 2, "cos(3 * acos(#cos))"),
    (Kind::Real, 1, "sin(2 * acos(#cos))"),
    (
        Kind::Real,
        1,
        "(cos(#a:small + #b:small) - cos(#a) * cos(#b))",
    ),
    (Kind::Real, 2, "floor(3 * acos(#cos) / pi)"),
    (
        Kind::Real,
        2,
        "(if acos(#cos) < 1 { #real } else { #real })",
    ),
    (
        Kind::Real,
        1,
        "(if #pos <= acos(#cos) { #real } else { #real })",
    ),
    (
        Kind::Real,
        2,
        "cos(acos(dot[#A](unit[#A](#real+A), unit[#A](#real+A))) - 0.5)",
    ),
    // Norms.
    (Kind::Real, 2, "(#x:real+O / norm[#O](#x))"),
    (Kind::Real, 1, "(norm[#O](#x:real+O) * unit[#O](#x))"),
    (
        Kind::Real,
        2,
        "(square(norm[#A](#x:real+A)) + sum[#A](square(#x)))",
    ),
    (Kind::Real, 1, "dot[#A](unit[#A](#x:real+A), #x)"),
    (Kind::Real, 1, "sum[#A](unit[#A](#x:real+A) * #x * #real)"),
    (Kind::Real, 1, "sqrt(sum[#A](square(#real+A)))"),
    (
        Kind::Real,
        1,
        "(sum[#A](square(#x:real+A)) / size[#A] - square(mean[#A](#x)))",
    ),
    // The same more than once.
    (
        Kind::Real,
        2,
        "(sum[#A](#real+A) + sum[#A](#real+A) * #real)",
    ),
    (Kind::Real, 2, "sum[#A](#real+A * #real + #real)"),
    (Kind::Real, 2, "max[#A](#real+A + #real)"),
    (Kind::Real, 1, "lse[#A](#real+A + #real)"),
    (
        Kind::Real,
        1,
        "sum[#A](if #A == #place+A { #real+A } else { 0 })",
    ),
    (
        Kind::Real,
        1,
        "sum[#A](if #A == #place+A { #real+A } else { #real+A })",
    ),
    (
        Kind::Real,
        1,
        "(if #real + #b:real < #b { #real } else { #real })",
    ),
    (
        Kind::Real,
        2,
        "(if #c:truth { #x:real } else { #real } * if #c { #real } else { #x })",
    ),
    (Kind::Real, 1, "(#a:real * #b:real + #a * #real + #b)"),
    (Kind::Real, 1, "(#x:real - #x * #real)"),
    (Kind::Real, 1, "(#x:pos / (1 + #x) + #x * #x / #x)"),
];
