#!/bin/sh
# Fuzzes one reader with libFuzzer on a stable toolchain: run.sh TARGET SECONDS
# TARGET is liberty, netlist or table. The corpus starts from the files of the tests; a crash ends with status 77 and
# the input in fuzz/artifacts.
set -eu
target=$1 seconds=$2
cd "$(dirname "$0")"
triple=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes, without the address sanitizer, which needs a nightly toolchain.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1"
cargo build --release --target "$triple" --bin "$target"
mkdir -p "corpus/$target" "artifacts/$target"
case $target in
  liberty) seeds=$(ls ../tests/data/timing/*.lib) ;;
  netlist) seeds=../tests/data/timing/small.json ;;
  table) seeds=$(ls ../tests/data/tech/*.yaml) ;;
esac
cp $seeds "corpus/$target/"
"target/$triple/release/$target" "corpus/$target" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=2048 \
  -artifact_prefix="artifacts/$target/" -print_final_stats=1
