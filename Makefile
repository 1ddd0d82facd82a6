# make           run the main job: real GEMMs of a diffusion model through the generated accelerator
# make help      everything else

CONFIG   ?= default
OUT      ?= rtl-out
WORKLOAD ?= tiny-dit
BER      ?= 1e-7
WAVES    ?= target/rollback.fst
CASES    ?= 10000
RUNS     ?= 2000
ARRAYS   ?= 24
SEEDS    ?= 400

DRIFT := cargo run --release --quiet --bin drift --

.DEFAULT_GOAL := cosim
.PHONY: cosim accelerator repack infer paper paper-full quality test test-text rtl expected lint area synth characterize verify-timing voltage bench verify \
    verify-fast verify-accelerator coverage formal waves fuzz help

cosim: ## the main job: co-simulate $(WORKLOAD) on $(CONFIG) with faults, compare every bit
	$(DRIFT) cosim --config $(CONFIG) --workload $(WORKLOAD) --ber $(BER)

accelerator: ## denoising steps of $(WORKLOAD) on the whole accelerator: checkpoints, faults, rollback
	$(DRIFT) cosim --accelerator --config $(CONFIG) --workload $(WORKLOAD) --ber $(BER)

repack: ## what rollbacks cost in DRAM rows and cycles, row-major against repacked; 128x128 takes minutes
	$(DRIFT) repack

infer: ## images of the embedded model with faults at BER=..., rolled back, beside the error-free ones
	$(DRIFT) infer --config $(CONFIG) --ber $(BER) --protection drift

paper: ## the paper's experiments, reduced: under 30 minutes on two quiet cores; the report is records/paper/index.html
	@$(call experiments,records/paper,,default$(comma)edge)

paper-full: ## the same with SEEDS=400 images a cell, and rollbacks of the 128x128 array: hours; records/paper-full/index.html
	@$(call experiments,records/paper-full,--seeds $(SEEDS),default$(comma)edge$(comma)tpu)

# Campaigns go on where they were; the two other records are made once. $(1): folder, $(2): options for campaigns of images,
# $(3): arrays whose rollbacks run on the RTL.
define experiments
set -e; mkdir -p $(1); \
for spec in configs/campaigns/paper/*.yaml; do \
    options=; if grep -q '^experiment: images' $$spec; then options="$(2)"; fi; \
    $(DRIFT) campaign $$spec $$options --out $(1)/$$(basename $$spec .yaml).jsonl; \
done; \
test -e $(1)/repack.json || $(DRIFT) repack --configs $(3) --by-address default,edge,tpu --json $(1)/repack.json; \
test -e $(1)/area.json || $(DRIFT) area --sweep 8,16,32,64,128 --json $(1)/area.json; \
$(DRIFT) report $(1)
endef
comma := ,

quality: ## image quality against BER from 1e-9 to 1e-2: docs/quality.svg, records in target/quality
	$(DRIFT) campaign configs/campaigns/quality.yaml --out target/quality/quality.jsonl
	$(DRIFT) report target/quality
	cp target/quality/data/quality-loss.svg docs/quality.svg

test: ## all tests, co-simulation regressions included
	@$(DRIFT) tools
	cargo test --release

test-text: ## the tests of the cargo feature text, which `make test` leaves out: candle takes minutes to build
	cargo test --release --features text --test text

rtl: ## generate the SystemVerilog of CONFIG=... into OUT=...
	$(DRIFT) rtl --config $(CONFIG) --out $(OUT)

expected: ## renew the committed RTL that reviews look at, and docs/
	$(DRIFT) rtl --config tiny --out tests/expected/tiny
	$(DRIFT) registers --out docs/registers.md
	$(DRIFT) waves --svg docs/rollback.svg

lint: ## Verilator, Yosys and slang over the shipped and 50 random configurations; clippy and rustfmt
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	$(DRIFT) lint --random 50

area: ## cells per module (CONFIG=...), and what protection costs from 8x8 to 256x256; LIBERTY=A.lib.gz: in its cells
	$(DRIFT) area --config $(CONFIG) $(if $(LIBERTY),--liberty $(firstword $(LIBERTY)))
	$(DRIFT) area --sweep 8,16,32,64,128,256 $(if $(LIBERTY),--liberty $(firstword $(LIBERTY)))

waves: ## one rollback, from flag to merge, as target/rollback.fst
	$(DRIFT) waves --out $(WAVES)

synth: ## one PE in the cells of LIBERTY="A.lib.gz B.lib.gz ...": area, and delay against voltage
	$(DRIFT) synth --config $(CONFIG) --liberty $(LIBERTY)

voltage: ## bit error rate and what the checksums find, from 1.60 to 1.74 V, on the RTL
	$(DRIFT) sweep --config $(CONFIG) --workload $(WORKLOAD) --from 1.60 --to 1.74 --points 8

fuzz: ## ten minutes of damaged Liberty files; TARGET=netlist or table: other readers
	fuzz/run.sh $(or $(TARGET),liberty) $(or $(SECONDS),600)

characterize: ## technology table OUT=tech.yaml of the PE in LIBERTY="A.lib.gz B.lib.gz ...", operands of $(WORKLOAD)
	$(DRIFT) characterize --config $(CONFIG) --workload $(WORKLOAD) --liberty $(LIBERTY) --out $(OUT)

verify-timing: ## the simulators behind it against each other, the arithmetic, static timing and OpenSTA (needs sta)
	$(DRIFT) characterize --check 100000 --config $(CONFIG) --liberty $(LIBERTY)
	$(DRIFT) synth --opensta --config $(CONFIG) --liberty $(LIBERTY)

formal: ## prove the assertions of the RTL of a small array with SymbiYosys
	$(DRIFT) formal

bench: ## speed, as ratios measured in one run
	cargo bench --bench cosim --bench metrics
	cargo bench --bench fast
	cargo bench --bench infer
	cargo bench --bench timing
	cargo bench --benches

verify: ## CASES=10000 random shapes, arrays and fault lists, RTL against golden model
	$(DRIFT) verify --cases $(CASES) --arrays $(ARRAYS)

verify-fast: ## CASES=10000 random GEMMs with faults and RUNS=2000 programs, fast engine against golden model
	$(DRIFT) verify --fast --cases $(CASES)
	$(DRIFT) verify --fast --accelerator --cases $(RUNS)

verify-accelerator: ## RUNS=2000 random programs on the whole accelerator, every pin of every cycle
	$(DRIFT) verify --accelerator --cases $(RUNS)

coverage: ## over a million single psum flips at theta 0: which are flagged and located
	$(DRIFT) cosim --config tests/data/coverage.yaml --workload tests/data/coverage.csv --upsets 1 --threshold-bit 0

help: ## this list
	@grep -hE '^[a-z-]+: ## ' $(MAKEFILE_LIST) | sed -E 's/: ## /\t/' | expand -t 18
