use super::axis::{Fit, Ruler, short};
use super::*;

fn ruler(axis: &Axis, values: &[f64], fit: Fit) -> Ruler {
    Ruler::new(axis, values.iter().copied(), fit, 5)
}

fn labels(ruler: &Ruler) -> Vec<&str> {
    let labels = ruler.ticks.iter().map(|tick| tick.label.as_str());
    labels.filter(|label| !label.is_empty()).collect()
}

/// Every kind of plot, with text that XML must escape.
fn examples() -> Vec<Plot> {
    let lines = Lines::new("a < b & \"c\"", Axis::log("x"), Axis::log("y"))
        .series(Series::new(
            "one",
            [
                Point::with_interval(1e-6, 0.1, 0.05, 0.2),
                Point::new(1e-5, 0.0),
                Point::new(1e-4, f64::NAN),
                Point::new(1e-3, 0.5).label("named"),
            ],
        ))
        .series(
            Series::new(
                "band",
                [1e-6, 1e-3].map(|x| Point::with_interval(x, 0.3, 0.2, 0.4)),
            )
            .drawn(Mark::Line, Intervals::Band),
        )
        .reference(Side::Y, 0.02, "bound")
        .reference(Side::X, 1e-5, "here")
        .region(Side::X, 1e-6, 1e-5, "class");
    let bars = Bars::new(
        "bars",
        ["a", "a very long name of a category"],
        Axis::linear("v"),
    )
    .series(BarSeries::new(
        "s",
        [Bar::with_interval(2.0, 1.0, 3.0), Bar::new(-1.0)],
    ))
    .series(BarSeries {
        name: "t".to_owned(),
        bars: vec![None],
    })
    .annotated()
    .reference(1.5, "paper");
    let heat = HeatMap {
        title: "heat".to_owned(),
        columns: vec!["0".to_owned(), "1".to_owned()],
        rows: vec!["r".to_owned()],
        values: Axis::linear("v"),
        cells: vec![vec![Some(1.5), None]],
        annotated: true,
        ..HeatMap::default()
    };
    vec![
        lines.into(),
        bars.clone().into(),
        bars.stacked().into(),
        heat.into(),
    ]
}

/// Plots without any data.
fn empty() -> Vec<Plot> {
    vec![
        Lines::default().into(),
        Bars::default().into(),
        HeatMap::default().into(),
    ]
}

#[test]
fn linear_ticks_are_round_and_labelled_exactly() {
    let ticks = ruler(&Axis::linear(""), &[0.013, 0.31], Fit::Round);
    assert_eq!(
        labels(&ticks),
        ["0", "0.05", "0.10", "0.15", "0.20", "0.25", "0.30", "0.35"]
    );
    let ticks = ruler(&Axis::linear(""), &[-20_000.0, 30_000.0], Fit::Round);
    assert_eq!(labels(&ticks)[0], "−20\u{2009}000");
    assert_eq!(labels(&ticks)[2], "0");
    let bars = ruler(&Axis::linear(""), &[7.0, 9.0], Fit::FromZero);
    assert_eq!(bars.position(0.0), 0.0);
}

#[test]
fn log_ticks_are_decades_and_fewer_where_there_are_many() {
    let few = ruler(&Axis::log(""), &[1e-5, 1e-3], Fit::Padded);
    assert_eq!(labels(&few), ["10⁻⁵", "10⁻⁴", "10⁻³"]);
    let many = ruler(&Axis::log(""), &[1e-12, 1.0], Fit::Padded);
    assert!(labels(&many).len() <= 5, "{:?}", labels(&many));
    let plain = ruler(&Axis::log(""), &[0.01, 100.0], Fit::Padded);
    assert_eq!(labels(&plain), ["0.01", "0.1", "1", "10", "100"]);
    let one = ruler(&Axis::log(""), &[2.0, 5.0], Fit::Padded);
    assert!(labels(&one).len() >= 3, "{:?}", labels(&one));
}

#[test]
fn positions_follow_the_scale() {
    let linear = ruler(&Axis::linear("").range(10.0, 20.0), &[], Fit::Round);
    assert_eq!(linear.position(15.0), 0.5);
    let log = ruler(&Axis::log("").range(1e-4, 1.0), &[], Fit::Round);
    assert!((log.position(1e-2) - 0.5).abs() < 1e-12);
    assert_eq!(log.position(0.0), 0.0);
    assert!(!log.has_place(0.0) && linear.has_place(0.0));
}

#[test]
fn a_range_that_makes_no_sense_is_not_used() {
    for range in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0)] {
        let axis = Axis::linear("").range(range.0, range.1);
        let position = ruler(&axis, &[1.0, 2.0], Fit::Round).position(1.5);
        assert!(position.is_finite(), "{range:?}");
    }
    let log = ruler(&Axis::log("").range(0.0, 1.0), &[0.1, 1.0], Fit::Round);
    assert!(log.position(0.5).is_finite());
}

#[test]
fn values_are_written_for_people() {
    let written = [0.0, 1.0, 0.5, 0.123_456, 1234.5, 2.5e-7, -3e9].map(short);
    assert_eq!(
        written,
        ["0", "1", "0.5", "0.123", "1234", "2.5×10⁻⁷", "−3×10⁹"]
    );
}

#[test]
fn every_plot_is_svg_and_png_at_every_size() {
    for plot in examples().into_iter().chain(empty()) {
        for size in [
            Size::WIDE,
            Size::NARROW,
            Size {
                width: 60.0,
                height: 20.0,
            },
        ] {
            let svg = plot.svg(size);
            assert_eq!(svg, plot.svg(size), "the same bytes every time");
            let image = png(&svg, 1.0).unwrap_or_else(|error| panic!("{error}\n{svg}"));
            assert_eq!(&image[1..4], b"PNG");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}

#[test]
fn text_stays_text_and_is_escaped() {
    let svg = examples()[0].svg(Size::WIDE);
    assert!(svg.contains("a &lt; b &amp; &quot;c&quot;</text>"), "{svg}");
    // Powers are raised digits, not characters that a font may lack.
    assert!(
        svg.contains(">10<tspan dy=\"-4.68\" font-size=\"10.14\">−6</tspan></text>"),
        "{svg}"
    );
}

#[test]
fn a_value_below_a_logarithmic_axis_is_a_hollow_marker() {
    let svg = examples()[0].svg(Size::WIDE);
    let hollow = svg
        .lines()
        .filter(|line| line.contains("fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.6\""));
    assert_eq!(hollow.count(), 1, "{svg}");
}

#[test]
fn long_names_lay_the_bars_down() {
    let bars = |names: [&str; 2]| {
        Bars::new("", names, Axis::linear("v"))
            .series(BarSeries::new("", [Bar::new(1.0), Bar::new(2.0)]))
            .svg(Size::NARROW)
    };
    let height = |svg: &str| {
        let from = svg.find(" height=\"").expect("a height") + 9;
        svg[from..].split('"').next().map(str::to_owned)
    };
    assert_eq!(height(&bars(["a", "b"])).as_deref(), Some("320"));
    assert_ne!(
        height(&bars(["Donaudampfschifffahrtsgesellschaft", "b"])).as_deref(),
        Some("320")
    );
}

#[test]
fn tables_hold_the_data_exactly() {
    let plots = examples();
    assert_eq!(
        plots[0].table()[1],
        ["one", "1e-6", "0.1", "0.05", "0.2", ""]
    );
    assert_eq!(plots[1].table()[1], ["a", "s", "2.0", "1.0", "3.0"]);
    // The header, two bars of one series; the other has none.
    assert_eq!(plots[1].table().len(), 3);
    assert_eq!(
        plots[3].table(),
        [["row", "column", "value"], ["r", "0", "1.5"]]
    );
}

#[test]
fn plots_survive_json() {
    for plot in &examples()[1..] {
        let text = serde_json::to_string(plot).expect("serialisable");
        assert_eq!(
            &serde_json::from_str::<Plot>(&text).expect("readable"),
            plot
        );
    }
}

#[test]
fn what_is_not_svg_is_refused() {
    assert!(matches!(png("no", 1.0), Err(PlotError::Svg(_))));
    assert!(matches!(
        png(&examples()[0].svg(Size::WIDE), 0.0),
        Err(PlotError::Size { .. })
    ));
}
