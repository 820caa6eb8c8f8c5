//! The NOP round trips as a picture.

use std::path::Path;

use anyhow::{anyhow, Result};
use plotters::coord::Shift;
use plotters::prelude::*;

use oxiring_bench::instructions::case;
use oxiring_bench::line::{Library, Line};
use oxiring_bench::{BATCHES, SHAPES};

const SIZE: (u32, u32) = (960, 600);
/// Of the group of bars for one batch, whose middle is at a whole number.
const GROUP_WIDTH: f64 = 0.8;

/// To be told apart without colours, too: they grow lighter.
const COLOURS: [RGBColor; 4] =
    [RGBColor(176, 58, 20), RGBColor(84, 110, 140), RGBColor(140, 164, 188), RGBColor(205, 205, 198)];

type Area<'a> = DrawingArea<SVGBackend<'a>, Shift>;

/// One row of panels for instructions and one for time.
pub(crate) fn draw(path: &Path, counts: &[Line], times: &[Line]) -> Result<()> {
    let draw = || -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::new(path, SIZE).into_drawing_area();
        // A page may be dark.
        root.fill(&WHITE)?;
        let (head, body) = root.split_vertically(40);
        legend(&head)?;
        let rows = body.split_evenly((2, 1));
        for (area, lines, unit) in [(&rows[0], counts, "instructions"), (&rows[1], times, "ns")] {
            let highest = lines.iter().flat_map(|line| line.values.iter().map(|(_, value)| *value)).fold(0.0, f64::max);
            for ((shape, calls), panel_area) in SHAPES.iter().zip(area.split_evenly((1, SHAPES.len()))) {
                panel(&panel_area, lines, shape, &format!("{calls}: {unit}"), highest)?;
            }
        }
        root.present()?;
        Ok(())
    };
    draw().map_err(|error| anyhow!("{}: {error}", path.display()))
}

fn legend(area: &Area<'_>) -> Result<(), Box<dyn std::error::Error>> {
    let font = ("sans-serif", 15).into_font();
    area.draw(&Text::new("One NOP round trip; lower is better", (14, 12), font.clone()))?;
    for (index, (library, colour)) in Library::ALL.iter().zip(COLOURS).enumerate() {
        let x = 390 + 140 * i32::try_from(index)?;
        area.draw(&Rectangle::new([(x, 12), (x + 14, 26)], colour.filled()))?;
        area.draw(&Text::new(library.name(), (x + 20, 12), font.clone()))?;
    }
    Ok(())
}

fn panel(
    area: &Area<'_>,
    lines: &[Line],
    shape: &str,
    title: &str,
    highest: f64,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut chart = ChartBuilder::on(area)
        .caption(title, ("sans-serif", 13))
        .margin(10)
        .x_label_area_size(34)
        .y_label_area_size(38)
        .build_cartesian_2d(-0.5..BATCHES.len() as f64 - 0.5, 0.0..highest * 1.1)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(RGBColor(228, 228, 228))
        .x_labels(BATCHES.len())
        .x_label_formatter(&|x| {
            let batch = BATCHES.iter().enumerate().find(|(index, _)| (*index as f64 - x).abs() < 0.01);
            batch.map_or(String::new(), |(_, batch)| batch.to_string())
        })
        .x_desc("requests in a batch")
        .y_label_formatter(&|y| format!("{y:.0}"))
        .y_labels(6)
        .label_style(("sans-serif", 12))
        .draw()?;
    let width = GROUP_WIDTH / Library::ALL.len() as f64;
    for (group, batch) in BATCHES.iter().enumerate() {
        let Some(line) = lines.iter().find(|line| line.case == case(shape, *batch)) else { continue };
        for (index, (library, colour)) in Library::ALL.iter().zip(COLOURS).enumerate() {
            let Some(value) = line.value(*library) else { continue };
            let left = group as f64 - GROUP_WIDTH / 2.0 + width * index as f64;
            let bar = Rectangle::new([(left, 0.0), (left + width * 0.92, value)], colour.filled());
            chart.draw_series([bar])?;
        }
    }
    Ok(())
}
