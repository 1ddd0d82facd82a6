use super::experiment::Measure;
use super::job::{Jobs, Shard};
use super::plan::Plan;
use super::spec::{Seeds, Stop};
use super::statistics::{bootstrap_interval, bootstrap_mean, jackknife, paired_difference, wilson};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

fn uniform(rng: &mut ChaCha8Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}

fn jobs(cells: usize, count: usize, shard: &str, by_cell: bool) -> Jobs {
    Jobs {
        cells,
        seeds: Seeds { first: 0, count },
        shard: shard.parse().expect("a shard"),
        by_cell,
    }
}

fn stop(half_width: f64) -> Option<Stop> {
    Some(Stop {
        quantity: String::new(),
        half_width,
        confidence: 0.95,
        least: 4,
        batch: 2,
    })
}

#[test]
fn wilson_is_the_published_interval() {
    // R: binom::binom.wilson(5, 10) and (0, 20).
    let [low, high] = wilson(5, 10, 0.95).and_then(|e| e.interval).expect("data");
    assert!((low - 0.236_593).abs() < 1e-5 && (high - 0.763_407).abs() < 1e-5);
    let [low, high] = wilson(0, 20, 0.95).and_then(|e| e.interval).expect("data");
    assert_eq!(low, 0.0);
    assert!((high - 0.161_125).abs() < 1e-5, "{high}");
    assert_eq!(
        wilson(7, 7, 0.95).and_then(|e| e.interval).expect("data")[1],
        1.0
    );
    assert_eq!(wilson(0, 0, 0.95), None);
}

#[test]
fn bootstrap_of_few_values() {
    assert_eq!(bootstrap_mean(&[], 0.95), None);
    let one = bootstrap_mean(&[3.0], 0.95).expect("a value");
    assert_eq!((one.value, one.interval), (3.0, None));
    let equal = bootstrap_mean(&[2.0; 9], 0.95).expect("values");
    assert_eq!(equal.interval, Some([2.0, 2.0]));
    let values = [1.0, 2.0, 4.0, 8.0, 16.0];
    let first = bootstrap_mean(&values, 0.95).expect("values");
    assert_eq!(Some(first), bootstrap_mean(&values, 0.95), "seeded");
    let [low, high] = first.interval.expect("an interval");
    assert!(1.0 < low && low < 6.2 && 6.2 < high && high < 16.0);
    // Skewed to the right: more room above than below.
    assert!(high - 6.2 > 6.2 - low);
}

#[test]
fn bootstrap_covers_the_mean_as_often_as_it_says() {
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let (runs, mut covered, mut width) = (300, 0, 0.0);
    for _ in 0..runs {
        let values: Vec<f64> = (0..40).map(|_| uniform(&mut rng)).collect();
        let estimate = bootstrap_mean(&values, 0.9).expect("values");
        let [low, high] = estimate.interval.expect("an interval");
        covered += usize::from(low <= 0.5 && 0.5 <= high);
        width += (high - low) / runs as f64;
    }
    let share = covered as f64 / runs as f64;
    assert!((0.84..=0.95).contains(&share), "{share}");
    // 2 · 1.645 · σ / √40 with σ = 1/√12.
    assert!((width - 0.150).abs() < 0.012, "{width}");
}

#[test]
fn every_job_belongs_to_exactly_one_shard() {
    for by_cell in [false, true] {
        for (cell, place) in (0..5).flat_map(|cell| (0..7).map(move |place| (cell, place))) {
            let owners = (1..=3)
                .filter(|index| jobs(5, 7, &format!("{index}/3"), by_cell).owns(cell, place));
            assert_eq!(owners.count(), 1);
        }
    }
    assert_eq!("2/3".parse::<Shard>().expect("a shard").to_string(), "2/3");
}

#[test]
fn without_a_stop_rule_all_jobs_are_due_first_seeds_first() {
    let mut plan = Plan::new(jobs(2, 3, "1/1", false), None, [(4, None)]);
    let mut order = Vec::new();
    while let Some(job) = plan.next() {
        order.push(job);
    }
    assert_eq!(order, [0, 3, 1, 2, 5]);
    assert!(!plan.is_complete());
    for job in order {
        plan.finish(job, None);
    }
    assert!(plan.is_complete());
    assert_eq!((plan.left(), plan.ended_early()), (0, 0));
}

/// Jobs done by a plan whose results come in an order drawn from a seed, with
/// a restart now and then.
fn done_in_some_order(seed: u64) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    // A cell's spread grows with its number.
    let measure = |job: usize| {
        let (cell, place) = (job / 30, job % 30);
        Some(Measure::Value(((place * 7919) % 13) as f64 * cell as f64))
    };
    let all = || jobs(4, 30, "1/1", true);
    let (mut finished, mut running) = (Vec::new(), Vec::new());
    let mut plan = Plan::new(all(), stop(4.0), []);
    while !plan.is_complete() {
        while running.len() < 5 {
            let Some(job) = plan.next() else { break };
            running.push(job);
        }
        let job = running.swap_remove(rng.next_u64() as usize % running.len());
        plan.finish(job, measure(job));
        finished.push((job, measure(job)));
        if rng.next_u64().is_multiple_of(10) {
            running.clear();
            plan = Plan::new(all(), stop(4.0), finished.iter().copied());
        }
    }
    let mut done: Vec<usize> = finished.into_iter().map(|(job, _)| job).collect();
    done.sort_unstable();
    done
}

#[test]
fn an_early_end_is_decided_by_complete_prefixes_alone() {
    let expected = done_in_some_order(0);
    let seeds = |cell: usize| expected.iter().filter(|&&job| job / 30 == cell).count();
    // No spread: the first decision ends it. Much spread: no decision does.
    assert_eq!((seeds(0), seeds(3)), (4, 30), "{expected:?}");
    for seed in 1..20 {
        assert_eq!(done_in_some_order(seed), expected, "seed {seed}");
    }
}

#[test]
fn paired_proportions_know_of_their_pairs() {
    let pairs = |both: usize, one: usize, two: usize, none: usize| {
        let repeat = |pair, times| std::iter::repeat_n(pair, times);
        repeat((true, true), both)
            .chain(repeat((true, false), one))
            .chain(repeat((false, true), two))
            .chain(repeat((false, false), none))
            .collect::<Vec<(bool, bool)>>()
    };
    // Newcombe 1998, table II, method 10, pairs 36, 12, 2, 0 of 50: 0.0569 to 0.3404.
    let found = paired_difference(&pairs(36, 12, 2, 0), 0.95).expect("pairs");
    let [low, high] = found.interval.expect("an interval");
    assert!((found.value - 0.2).abs() < 1e-12);
    assert!(
        (low - 0.0569).abs() < 1e-4 && (high - 0.3404).abs() < 1e-4,
        "{low} {high}"
    );
    // Nothing differs in twenty pairs: still open by several points.
    let same = paired_difference(&pairs(16, 0, 0, 4), 0.95).expect("pairs");
    let [low, high] = same.interval.expect("an interval");
    assert!(low < -0.03 && high > 0.03, "{low} {high}");
    assert_eq!(paired_difference(&[], 0.95), None);
}

#[test]
fn jackknife_and_bootstrap_of_a_mean_agree_with_its_standard_error() {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    let values: Vec<f64> = (0..400).map(|_| uniform(&mut rng)).collect();
    let mean = |of: &[usize]| of.iter().map(|at| values[*at]).sum::<f64>() / of.len() as f64;
    // Of 400 uniform values, 1.96 · 0.2887 / 20 = 0.0283.
    let found = jackknife(400, 20, 0.95, mean).expect("enough");
    let [low, high] = found.interval.expect("an interval");
    assert!(((high - low) / 2.0 - 0.0283).abs() < 0.014, "{low} {high}");
    let [low, high] = bootstrap_interval(400, 0.95, mean).expect("enough");
    assert!(((high - low) / 2.0 - 0.0283).abs() < 0.003, "{low} {high}");
    assert_eq!(jackknife(5, 10, 0.95, mean), None);
    assert_eq!(bootstrap_interval(1, 0.95, mean), None);
}
