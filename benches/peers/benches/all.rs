//! Every case with criterion: `cargo bench -- decode/text`, say.
//!
//! Times are short, since there are some four hundred of them; `ratios` is what
//! compares.

use std::time::Duration;

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use wirechat_peers::cases;

fn main() {
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(300))
        .sample_size(20)
        .nresamples(2000)
        .configure_from_args();
    for case in cases::all() {
        let mut group = criterion.benchmark_group(case.id());
        group.sampling_mode(SamplingMode::Flat);
        group.throughput(match case.bytes {
            0 => Throughput::Elements(case.messages),
            bytes => Throughput::ElementsAndBytes { elements: case.messages, bytes },
        });
        for mut contestant in case.contestants() {
            group.bench_function(BenchmarkId::from_parameter(contestant.name), |bencher| {
                bencher.iter(&mut contestant.pass);
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
