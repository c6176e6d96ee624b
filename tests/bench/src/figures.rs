//! Medians, spreads and ratios.

use serde::Serialize;

/// What several rounds said of one thing.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Spread {
    /// Of the values of all rounds; nothing of none.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (least, most) = (*sorted.first()?, *sorted.last()?);
        let (lower, upper) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
        Some(Self { median: f64::midpoint(lower, upper), least, most })
    }

    /// Of the quotients within each round, so that what slows a whole round down has no part in it.
    pub(crate) fn of_ratios(over: &[f64], under: &[f64]) -> Option<Self> {
        let quotients: Vec<f64> = over.iter().zip(under).map(|(over, under)| over / under).collect();
        Self::of(&quotients)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spread(median: f64, least: f64, most: f64) -> Spread {
        Spread { median, least, most }
    }

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(spread(2.0, 1.0, 3.0)));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 100.0]), Some(spread(3.0, 1.0, 100.0)));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn a_slow_round_does_not_change_a_ratio() {
        assert_eq!(Spread::of_ratios(&[2.0, 20.0, 2.0], &[1.0, 10.0, 1.0]), Some(spread(2.0, 2.0, 2.0)));
    }
}
