/// Colours and fonts of charts, inside a page and in files of their own. The colours also differ in brightness, and
/// their contrast with the background is at least 4.5 : 1 in both schemes.
enum ChartStyle {
  private static let light = [
    "#0b5cad", "#b3400f", "#1b7a3d", "#8a2fb0", "#8a6100", "#b8125a", "#00707f", "#4d4d4d",
  ]
  private static let dark = [
    "#6db3ff", "#ff9a5c", "#62d28b", "#d59bff", "#e6bf3f", "#ff86b4", "#4fd3e0", "#c8c8c8",
  ]

  /// - Parameter root: the selector that defines the colours: ":root" in a page, "svg" in a separate file.
  static func css(root: String) -> String {
    func variables(_ colours: [String], ink: String, faint: String, ground: String) -> String {
      (colours.enumerated().map { "--c\($0.offset):\($0.element)" }
        + ["--chart-ink:\(ink)", "--chart-faint:\(faint)", "--chart-ground:\(ground)"]).joined(separator: ";")
    }
    let classes = light.indices.map { index in
      ".mark.c\(index){fill:var(--c\(index))}.curve.c\(index),.whisker.c\(index),.leader.c\(index)"
        + "{stroke:var(--c\(index))}.name.c\(index){fill:var(--c\(index))}"
    }
    return """
      \(root){\(variables(light, ink: "#222", faint: "#d5d5d5", ground: "#fff"))}
      @media (prefers-color-scheme:dark){\(root){\(variables(dark, ink: "#e6e6e6", faint: "#444", ground: "#16181b"))}}
      svg text{font:14px system-ui,sans-serif;fill:var(--chart-ink)}
      svg .small{font-size:12px}
      svg .name{font-weight:600}
      svg .over{paint-order:stroke;stroke:var(--chart-ground);stroke-width:3px;stroke-linejoin:round}
      .grid{stroke:var(--chart-faint)}
      .axis,.front{stroke:var(--chart-ink);fill:none}
      .front{stroke-width:1.5;stroke-dasharray:5 4;opacity:.7}
      .curve{fill:none;stroke-width:2}
      .curve.dashed{stroke-dasharray:7 4}
      .whisker{stroke-width:1.5;opacity:.75}
      .leader{stroke-width:1;opacity:.6}
      .mark{stroke:var(--chart-ground);stroke-width:1}
      \(classes.joined(separator: "\n"))

      """
  }

  /// The style of a separate file, with a background.
  static var alone: String { css(root: "svg") + "svg{background:var(--chart-ground)}\n" }
}
