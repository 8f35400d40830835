//! Downsampling of long runs that preserves peaks and dips.

/// Values over time; all columns are as long as `times`.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sampled {
    pub times: Vec<f64>,
    pub columns: Vec<Vec<Option<f64>>>,
    /// Number of original points per two points; 1 if nothing was left out.
    pub step: usize,
}

/// Reduces to about `most` points. Of each stretch, keeps the minimum and maximum of each column in their original
/// order.
pub(super) fn downsample(times: Vec<f64>, columns: Vec<Vec<Option<f64>>>, most: usize) -> Sampled {
    if times.len() <= most {
        return Sampled { times, columns, step: 1 };
    }
    let step = times.len().div_ceil((most / 2).max(1));
    let middle = |stretch: &[f64]| [stretch[0], stretch[stretch.len() / 2]];
    let pairs = |column: &[Option<f64>]| column.chunks(step).flat_map(extremes).collect();
    Sampled {
        columns: columns.iter().map(|column| pairs(column)).collect(),
        times: times.chunks(step).flat_map(middle).collect(),
        step,
    }
}

fn extremes(stretch: &[Option<f64>]) -> [Option<f64>; 2] {
    let known = || stretch.iter().enumerate().filter_map(|(at, value)| value.map(|value| (at, value)));
    let low = known().min_by(|a, b| a.1.total_cmp(&b.1));
    let high = known().max_by(|a, b| a.1.total_cmp(&b.1));
    match (low, high) {
        (Some(low), Some(high)) if high.0 < low.0 => [Some(high.1), Some(low.1)],
        (Some(low), Some(high)) => [Some(low.1), Some(high.1)],
        _ => [None, None],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peaks_and_dips_keep_their_order() {
        let times: Vec<f64> = (0..86_400).map(f64::from).collect();
        let mut column = vec![Some(10.0); 86_400];
        (column[40_000], column[40_001]) = (Some(999.0), Some(0.5));
        (column[70_001], column[70_002]) = (Some(0.25), Some(777.0));
        let gap = vec![None; 86_400];
        let sampled = downsample(times, vec![column, gap], 1_200);
        assert_eq!(sampled.step, 144);
        assert!((1_199..=1_202).contains(&sampled.times.len()), "{}", sampled.times.len());
        assert!(sampled.times.is_sorted());
        let kept: Vec<f64> = sampled.columns[0].iter().flatten().copied().filter(|value| *value != 10.0).collect();
        assert_eq!(kept, [999.0, 0.5, 0.25, 777.0]);
        assert!(sampled.columns.iter().all(|column| column.len() == sampled.times.len()));
        assert!(sampled.columns[1].iter().all(Option::is_none));
    }

    #[test]
    fn short_runs_are_unchanged() {
        let sampled = downsample(vec![0.0, 1.0], vec![vec![Some(1.0), None]], 2);
        assert_eq!(sampled, Sampled { times: vec![0.0, 1.0], columns: vec![vec![Some(1.0), None]], step: 1 });
        assert_eq!(downsample(Vec::new(), vec![Vec::new()], 0).times, Vec::<f64>::new());
        assert_eq!(downsample(vec![0.0], vec![vec![Some(2.0)]], 0).columns, [[Some(2.0), Some(2.0)]]);
    }
}
