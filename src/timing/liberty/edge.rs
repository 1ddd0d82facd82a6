//! Edges of signals.

/// Direction of a transition; `as usize` is its place in [`PerEdge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edge {
    /// From 0 to 1.
    Rise,
    /// From 1 to 0.
    Fall,
}

impl Edge {
    /// Both.
    pub const BOTH: [Edge; 2] = [Edge::Rise, Edge::Fall];

    /// The other one.
    pub fn opposite(self) -> Self {
        match self {
            Self::Rise => Self::Fall,
            Self::Fall => Self::Rise,
        }
    }

    /// The edge of a signal that goes with this one of its source, or the other way round,
    /// where the signal is or is not the source's complement.
    pub fn inverted_if(self, inverted: bool) -> Self {
        if inverted { self.opposite() } else { self }
    }
}

/// Something for rising and falling edges: `x[Edge::Rise as usize]`.
pub type PerEdge<T> = [T; 2];

/// How the edges of an arc's ends belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sense {
    /// Same edges.
    Positive,
    /// Opposite edges.
    Negative,
    /// Any.
    Both,
}

impl Sense {
    /// Whether `from` at the input can cause `to` at the output.
    pub fn allows(self, from: Edge, to: Edge) -> bool {
        match self {
            Self::Positive => from == to,
            Self::Negative => from != to,
            Self::Both => true,
        }
    }
}
