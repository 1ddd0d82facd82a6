//! Forecasts of polynomials, and which steps are full.

use super::*;

/// A feature of three polynomials of t.
fn feature(degree: i32, t: usize) -> Vec<f32> {
    let t = t as f32;
    [1.0f32, -2.0, 0.5]
        .iter()
        .map(|scale| {
            (0..=degree)
                .map(|i| scale * (i + 1) as f32 * t.powi(i))
                .sum()
        })
        .collect()
}

fn near(found: &[f32], expected: &[f32]) {
    for (found, expected) in found.iter().zip(expected) {
        let scale = expected.abs().max(1.0);
        assert!(
            (found - expected).abs() < 1e-4 * scale,
            "{found} {expected}"
        );
    }
}

#[test]
fn constants_and_straight_lines_are_forecast_exactly() {
    for (degree, order) in [(0, 0), (0, 3), (1, 1), (1, 2), (1, 4)] {
        for interval in [1, 3, 5] {
            let mut series = Series::new();
            for full in 0..5 {
                series.update(full * interval, &feature(degree, full * interval), order);
            }
            let last = 4 * interval;
            for ahead in 0..interval + 2 {
                let found = series.forecast(last + ahead).unwrap();
                near(&found, &feature(degree, last + ahead));
            }
        }
    }
}

/// The paper's equation: Σ Δⁱ/(i!·Nⁱ)·kⁱ with Δⁱ the backward differences over full steps.
fn by_the_equation(values: &[f32], interval: usize, order: usize, ahead: usize) -> f32 {
    let mut rows = vec![values.to_vec()];
    for i in 0..order {
        let row: Vec<f32> = rows[i].windows(2).map(|pair| pair[1] - pair[0]).collect();
        rows.push(row);
    }
    let share = ahead as f32 / interval as f32;
    let mut factor = 1.0;
    let mut sum = 0.0;
    for (i, row) in rows.iter().enumerate() {
        if i > 0 {
            factor *= share / i as f32;
        }
        sum += factor * row[row.len() - 1];
    }
    sum
}

#[test]
fn the_forecast_is_the_papers_equation() {
    let noise: Vec<f32> = (0..6u32).map(|i| (i * 7919 % 101) as f32 - 50.0).collect();
    for order in 0..=4 {
        for interval in [1, 2, 4] {
            let mut series = Series::new();
            for (i, value) in noise.iter().enumerate() {
                series.update(i * interval, &[*value], order);
            }
            assert_eq!(series.order(), Some(order));
            for ahead in 0..=interval {
                let found = series.forecast(5 * interval + ahead).unwrap();
                near(&found, &[by_the_equation(&noise, interval, order, ahead)]);
            }
        }
    }
}

#[test]
fn a_parabola_is_missed_by_what_backward_differences_miss() {
    // t²: D¹ is the slope half an interval ago, so k ahead k·N is missing.
    let interval = 4;
    let mut series = Series::new();
    for full in 0..4 {
        let t = (full * interval) as f32;
        series.update(full * interval, &[t * t], 2);
    }
    for ahead in 1..4 {
        let t = (12 + ahead) as f32;
        let missing = (ahead * interval) as f32;
        near(&series.forecast(12 + ahead).unwrap(), &[t * t - missing]);
    }
}

#[test]
fn the_order_grows_with_the_full_steps_and_starts_anew_when_it_must() {
    let mut series = Series::new();
    assert_eq!((series.order(), series.forecast(3)), (None, None));
    for (step, order) in [(0, 0), (1, 1), (5, 2), (9, 2)] {
        series.update(step, &[1.0, 2.0], 2);
        assert_eq!(series.order(), Some(order));
    }
    series.update(12, &[1.0, 2.0, 3.0], 2);
    assert_eq!(series.order(), Some(0));
    series.update(0, &[1.0, 2.0, 3.0], 2);
    assert_eq!(series.order(), Some(0));
    series.update(4, &[], 2);
    assert_eq!(series.forecast(5), Some(Vec::new()));
}

#[test]
fn full_steps_are_those_of_the_authors_code() {
    /// `cal_type` of TaylorSeer-DiT, whose steps count down.
    fn authors(steps: usize, interval: usize) -> Vec<bool> {
        let mut counter = 0;
        (0..steps)
            .rev()
            .map(|step| {
                let full = step as i64 > steps as i64 - 3 || counter == interval - 1;
                counter = if full { 0 } else { counter + 1 };
                full
            })
            .collect()
    }
    for steps in [1, 2, 3, 20, 50] {
        for interval in [1, 2, 3, 5, 60] {
            let full = FullSteps::every(interval);
            let ours: Vec<bool> = (0..steps).map(|step| full.is_full(step)).collect();
            assert_eq!(ours, authors(steps, interval), "{steps} {interval}");
            assert_eq!(full.count(steps), ours.iter().filter(|full| **full).count());
        }
    }
    assert!(FullSteps::every(0).is_full(17));
}

#[test]
fn the_cache_computes_full_steps_and_recalls_the_others() {
    let mut cache = TaylorSeer::new(Forecast::new(3, 1).unwrap());
    let mut computed = Vec::new();
    for step in 0..8 {
        for block in 0..2 {
            for kind in [Branch::SelfAttention, Branch::Mlp] {
                let exact = feature(1, step + 10 * block);
                match cache.recall(step, block, kind) {
                    Some(output) => near(&output, &exact),
                    None => {
                        computed.push(step);
                        cache.store(step, block, kind, &exact);
                    }
                }
            }
        }
    }
    computed.dedup();
    assert_eq!(computed, [0, 1, 4, 7]);
    // A branch that was never computed has to be.
    assert_eq!(cache.recall(2, 0, Branch::CrossAttention), None);
    assert_eq!(NoCache.recall(2, 0, Branch::Mlp), None);
}

#[test]
fn branches_are_told_by_the_layers_names() {
    for (layer, expected) in [
        ("transformer_blocks.0.attn1.to_q", true),
        ("transformer_blocks.0.attn1.qk", true),
        ("transformer_blocks.0.attn2.to_out.0", true),
        ("transformer_blocks.0.ff.net.0.proj", true),
        ("transformer_blocks.0.norm1.linear", false),
        ("pos_embed.proj", false),
        ("proj_out_2", false),
    ] {
        assert_eq!(is_forecast(layer), expected, "{layer}");
    }
}

#[test]
fn a_forecast_is_written_interval_and_order() {
    let forecast: Forecast = "4:2".parse().unwrap();
    assert_eq!((forecast.interval(), forecast.order()), (4, 2));
    assert_eq!(forecast.to_string(), "4:2");
    let json = serde_json::to_string(&forecast).unwrap();
    assert_eq!(json, "\"4:2\"");
    assert_eq!(serde_json::from_str::<Forecast>(&json).unwrap(), forecast);
    for text in ["", "4", "0:1", "1001:1", "4:9", "4:-1", "a:b", "4:2:1"] {
        let message = text.parse::<Forecast>().unwrap_err().to_string();
        assert!(message.contains("expected INTERVAL:ORDER"), "{message}");
        assert!(serde_json::from_str::<Forecast>(&format!("\"{text}\"")).is_err());
    }
}
