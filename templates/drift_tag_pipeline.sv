{{ banner }}
// Carries the tag of every row beside the array: it reaches column c together with that row's psum at the
// bottom of column c, and one stage beyond the last column when the whole row is known.{% if !os %} What the accumulators
// need of it enters the array at column 0 and travels with the columns' control.{% endif %}
//
// Latency: PsumDelay + c cycles to column c.

module drift_tag_pipeline (
  input  logic                          clk_i,
  input  logic                          rst_ni,
  // Advances all tags.
  input  logic                          en_i,

  // Tag of the row {% if os %}that leaves the array next{% else %}accepted in the previous cycle{% endif %}.
  input  logic                          valid_i,
{%- if !os %}
  input  logic                          first_i,
  input  logic                          last_i,
{%- endif %}
  input  logic                          end_i,
{%- if checksum %}
  input  logic                          start_i,
  input  logic                          hi_i,
  input  logic                          lo_i,
{%- endif %}
  input  logic                          bank_i,
  input  drift_pkg::acc_addr_t         addr_i,

  // Bit or word c: the row whose psum is at the bottom of column c. One more stage beyond the last column.
  output logic [drift_pkg::Lanes:0]    valid_o,
{%- if !os %}
  // Of the row whose psum is at the bottom of column 0 in the next cycle.
  output logic                          next_valid_o,
  output logic                          next_first_o,
  output drift_pkg::acc_addr_t         next_addr_o,
  output logic [drift_pkg::Lanes:0]    last_o,
{%- endif %}
{%- if checksum %}
  output logic [drift_pkg::Lanes:0]    start_o,
  output logic [drift_pkg::Lanes:0]    hi_o,
  output logic [drift_pkg::Lanes:0]    lo_o,
{%- endif %}
  output logic [drift_pkg::Lanes:0]    bank_o,
{%- if os %}
  output logic [drift_pkg::AccAddrWidth*(drift_pkg::Lanes+1)-1:0] addr_o,
{%- endif %}
  // No row is on its way.
  output logic                          empty_o,
  // The last row of a tile has passed all columns, and the bank it is in.
  output logic                          tile_done_o,
  output logic                          tile_done_bank_o
);

  // Stage PsumDelay-1+c belongs to column c; the last stage is beyond the last column.
  localparam int unsigned Stages = drift_pkg::PsumDelay + drift_pkg::Lanes;
{%- if !os %}
  localparam int unsigned Next = drift_pkg::PsumDelay - 2;
{%- endif %}

  logic [Stages-1:0] valid_q, {% if !os %}last_q, {% endif %}end_q, bank_q;
{%- if !os %}
  logic [Next:0] first_q;
{%- endif %}
{%- if checksum %}
  logic [Stages-1:0] start_q, hi_q, lo_q;
{%- endif %}
  // The youngest tag's address in the lowest bits.
  logic [drift_pkg::AccAddrWidth*{% if os %}Stages{% else %}(Next+1){% endif %}-1:0] addr_q;

  always_ff @(posedge clk_i or negedge rst_ni) begin
    if (!rst_ni) begin
      valid_q <= '0;
    end else if (en_i) begin
      valid_q <= {valid_q[Stages-2:0], valid_i};
    end
  end

  always_ff @(posedge clk_i) begin
    if (en_i) begin
{%- if !os %}
      first_q <= {first_q[Next-1:0], first_i};
      last_q  <= {last_q[Stages-2:0], last_i};
{%- endif %}
      end_q   <= {end_q[Stages-2:0], end_i};
{%- if checksum %}
      start_q <= {start_q[Stages-2:0], start_i};
      hi_q    <= {hi_q[Stages-2:0], hi_i};
      lo_q    <= {lo_q[Stages-2:0], lo_i};
{%- endif %}
      bank_q  <= {bank_q[Stages-2:0], bank_i};
      addr_q  <= {addr_q[drift_pkg::AccAddrWidth*{% if os %}(Stages-1){% else %}Next{% endif %}-1:0], addr_i};
    end
  end

  assign valid_o = valid_q[Stages-1 -: drift_pkg::Lanes+1];
{%- if !os %}
  assign last_o  = last_q[Stages-1 -: drift_pkg::Lanes+1];
{%- endif %}
{%- if checksum %}
  assign start_o = start_q[Stages-1 -: drift_pkg::Lanes+1];
  assign hi_o    = hi_q[Stages-1 -: drift_pkg::Lanes+1];
  assign lo_o    = lo_q[Stages-1 -: drift_pkg::Lanes+1];
{%- endif %}
  assign bank_o  = bank_q[Stages-1 -: drift_pkg::Lanes+1];
{%- if os %}
  assign addr_o  = addr_q[drift_pkg::AccAddrWidth*Stages-1 -: drift_pkg::AccAddrWidth*(drift_pkg::Lanes+1)];
{%- endif %}

{%- if !os %}

  assign next_valid_o = valid_q[Next];
  assign next_first_o = first_q[Next];
  assign next_addr_o  = addr_q[drift_pkg::AccAddrWidth*Next +: drift_pkg::AccAddrWidth];
{%- endif %}

  assign empty_o          = !valid_i && (valid_q == '0);
  assign tile_done_o      = valid_q[Stages-1] && {% if !os %}last_q[Stages-1] && {% endif %}end_q[Stages-1];
  assign tile_done_bank_o = bank_q[Stages-1];

endmodule : drift_tag_pipeline
