{{ banner }}
// Registers of the accelerator behind an AXI4-Lite slave; docs/registers.md describes them. Address and data of a
// write may arrive in any order, and a write and a read may be in progress at the same time.
//
// Latency: the response to a write is valid two cycles after the later of its address and its data was accepted,
// the answer to a read one cycle after its address was. Settings and pulses appear together with the response.

`include "drift_assert.svh"

module drift_registers (
  input  logic        clk_i,
  input  logic        rst_ni,

  // AXI4-Lite slave.
  input  logic        s_axil_awvalid_i,
  output logic        s_axil_awready_o,
  input  logic [11:0] s_axil_awaddr_i,
  input  logic [2:0]  s_axil_awprot_i,
  input  logic        s_axil_wvalid_i,
  output logic        s_axil_wready_o,
  input  logic [31:0] s_axil_wdata_i,
  input  logic [3:0]  s_axil_wstrb_i,
  output logic        s_axil_bvalid_o,
  input  logic        s_axil_bready_i,
  output logic [1:0]  s_axil_bresp_o,
  input  logic        s_axil_arvalid_i,
  output logic        s_axil_arready_o,
  input  logic [11:0] s_axil_araddr_i,
  input  logic [2:0]  s_axil_arprot_i,
  output logic        s_axil_rvalid_o,
  input  logic        s_axil_rready_i,
  output logic [31:0] s_axil_rdata_o,
  output logic [1:0]  s_axil_rresp_o,

  // Settings. Point i is cfg_points_o[32*i +: 32], as drift_dvfs takes it; the point scheduled for timestep class t
  // and block class b is cfg_schedule_o[3*(4*t+b) +: 3].
{%- for s in settings %}
  output logic {{ s.range }}cfg_{{ s.name }}_o,
{%- endfor %}

  // High for one cycle.
{%- for p in pulses %}
  output logic        {{ p.name }}_o,
{%- endfor %}

  // State and counters of the hardware. Locked registers refuse writes while hw_busy_i is high.
{%- for s in states %}
  input  logic {{ s.range }}hw_{{ s.name }}_i,
{%- endfor %}

  // An enabled event has happened.
  output logic        irq_o
);

  localparam logic [1:0] RespOkay   = 2'b00;
  localparam logic [1:0] RespSlvErr = 2'b10;
{% for r in registers %}
  localparam logic [11:0] {{ r.address }} = 12'h{{ r.offset }};
{%- endfor %}

  // Channels.
  logic        aw_full_q, w_full_q, bvalid_q, rvalid_q, write, read;
  logic [11:2] awaddr_q;
  logic [11:0] write_addr, read_addr;
  logic [31:0] wdata_q, wmask_q, rdata_q, rdata_d;
  logic [1:0]  bresp_q, rresp_q;
  logic        write_error, read_error;
  // Upper bits of the counter whose lower bits were read last.
  logic [15:0] count_high_q, count_high_d;
  logic        locked, unused_signals;

  // Registers.
{%- for s in settings %}
  logic {{ s.range }}{{ s.name }}_q, {{ s.name }}_d;
{%- endfor %}
{%- for p in pulses %}
  logic        {{ p.name }}_q, {{ p.name }}_d;
{%- endfor %}
  logic [{{ last_event }}:0]  irq_enable_q, irq_enable_d, irq_status_q, irq_status_d, irq_clear, event_now, event_q;

  assign s_axil_awready_o = !aw_full_q;
  assign s_axil_wready_o  = !w_full_q;
  assign s_axil_arready_o = !rvalid_q;
  assign write            = aw_full_q && w_full_q && (!bvalid_q || s_axil_bready_i);
  assign read             = s_axil_arvalid_i && s_axil_arready_o;
  assign write_addr       = {awaddr_q, 2'b00};
  assign read_addr        = {s_axil_araddr_i[11:2], 2'b00};
  // A GEMM is running, or about to start.
  assign locked           = hw_busy_i || start_q;

  // Protection attributes have no meaning here, and words are addressed whole.
  assign unused_signals = ^{s_axil_awprot_i, s_axil_arprot_i, s_axil_awaddr_i[1:0], s_axil_araddr_i[1:0]};

  always_ff @(posedge clk_i) begin
    if (s_axil_awvalid_i && s_axil_awready_o) begin
      awaddr_q <= s_axil_awaddr_i[11:2];
    end
    if (s_axil_wvalid_i && s_axil_wready_o) begin
      wdata_q <= s_axil_wdata_i;
      wmask_q <= {{ "{{" }}8{s_axil_wstrb_i[3]}}, {8{s_axil_wstrb_i[2]}}, {8{s_axil_wstrb_i[1]}}, {8{s_axil_wstrb_i[0]}}};
    end
  end

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      aw_full_q <= 1'b0;
      w_full_q  <= 1'b0;
      bvalid_q  <= 1'b0;
      bresp_q   <= RespOkay;
      rvalid_q  <= 1'b0;
      rresp_q   <= RespOkay;
      rdata_q   <= '0;
    end else begin
      aw_full_q <= !write && (aw_full_q || s_axil_awvalid_i);
      w_full_q  <= !write && (w_full_q || s_axil_wvalid_i);
      bvalid_q  <= write || (bvalid_q && !s_axil_bready_i);
      rvalid_q  <= read || (rvalid_q && !s_axil_rready_i);
      if (write) begin
        bresp_q <= write_error ? RespSlvErr : RespOkay;
      end
      if (read) begin
        rresp_q <= read_error ? RespSlvErr : RespOkay;
        rdata_q <= rdata_d;
      end
    end
  end

  assign s_axil_bvalid_o = bvalid_q;
  assign s_axil_bresp_o  = bresp_q;
  assign s_axil_rvalid_o = rvalid_q;
  assign s_axil_rresp_o  = rresp_q;
  assign s_axil_rdata_o  = rdata_q;

  // Writes.
  always_comb begin
    write_error  = 1'b0;
    irq_enable_d = irq_enable_q;
    irq_clear    = '0;
{%- for s in settings %}
    {{ s.name }}_d{{ s.pad }} = {{ s.name }}_q;
{%- endfor %}
{%- for p in pulses %}
    {{ p.name }}_d{{ p.pad }} = 1'b0;
{%- endfor %}
    if (write) begin
      case (write_addr)
{%- for r in registers %}{% if r.writable %}
        {{ r.address }}: begin
{%- if r.locked %}
          if (locked) begin
            write_error = 1'b1;
          end else begin
{%- for line in r.writes %}
            {{ line }}
{%- endfor %}
          end
{%- else %}
{%- for line in r.writes %}
          {{ line }}
{%- endfor %}
{%- endif %}
        end
{%- endif %}{% endfor %}
        // Read-only or no register.
        default: write_error = 1'b1;
      endcase
    end
  end

  // Reads.
  always_comb begin
    read_error   = 1'b0;
    rdata_d      = '0;
    count_high_d = count_high_q;
    case (read_addr)
{%- for r in registers %}{% if !r.reads.is_empty() %}
      {{ r.address }}: begin
{%- for line in r.reads %}
        {{ line }}
{%- endfor %}
      end
{%- endif %}{% endfor %}
{%- for line in count_high %}
      {{ line }}{% if loop.last %}: begin{% else %},{% endif %}
{%- endfor %}
        rdata_d[15:0] = count_high_q;
      end
      // Triggers read as zero.
{%- for r in registers %}{% if r.writable && r.reads.is_empty() %}
      {{ r.address }}: rdata_d = '0;
{%- endif %}{% endfor %}
      default: read_error = 1'b1;
    endcase
  end

  // Events are rising edges, so that a state that lasts can be cleared.
  assign event_now    = { {{- events -}} };
  assign irq_status_d = (irq_status_q & ~irq_clear) | (event_now & ~event_q);

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      irq_enable_q <= '0;
      irq_status_q <= '0;
      event_q      <= '0;
      count_high_q <= '0;
{%- for p in pulses %}
      {{ p.name }}_q{{ p.pad }} <= 1'b0;
{%- endfor %}
{%- for s in settings %}
      {{ s.name }}_q{{ s.pad }} <= {{ s.reset }};
{%- endfor %}
    end else begin
      irq_enable_q <= irq_enable_d;
      irq_status_q <= irq_status_d;
      event_q      <= event_now;
      if (read) begin
        count_high_q <= count_high_d;
      end
{%- for p in pulses %}
      {{ p.name }}_q{{ p.pad }} <= {{ p.name }}_d;
{%- endfor %}
{%- for s in settings %}
      {{ s.name }}_q{{ s.pad }} <= {{ s.name }}_d;
{%- endfor %}
    end
  end

  assign irq_o = |(irq_status_q & irq_enable_q);
{%- for p in pulses %}
  assign {{ p.name }}_o{{ p.pad }} = {{ p.name }}_q;
{%- endfor %}
{%- for s in settings %}
  assign cfg_{{ s.name }}_o{{ s.pad }} = {{ s.name }}_q;
{%- endfor %}

  // A response stays until it is taken, and none is lost.
  `DRIFT_ASSERT(WriteResponseHeld, !$past(bvalid_q && !s_axil_bready_i) || (bvalid_q && (bresp_q == $past(bresp_q))),
                clk_i, rst_ni)
  `DRIFT_ASSERT(ReadResponseHeld, !$past(rvalid_q && !s_axil_rready_i)
                || (rvalid_q && (rdata_q == $past(rdata_q)) && (rresp_q == $past(rresp_q))), clk_i, rst_ni)
  // Whatever must not change during a GEMM does not.
  `DRIFT_ASSERT(NoStartWhileBusy, !$past(hw_busy_i) || !start_q, clk_i, rst_ni)

endmodule : drift_registers
