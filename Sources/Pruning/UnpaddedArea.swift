import Basics

/// The part of the crops' joint raster that shows the picture and not its padding, as LLaVA's unpad finds it:
/// symmetric, by the picture's aspect against the raster's, rounded down. Nothing is left of a picture that is narrower
/// than a token.
public struct UnpaddedArea: Sendable, Hashable {
  /// How a fraction of a token becomes a whole one.
  public enum Rounding: Sendable {
    /// Cut off: LLaVA's own code, which GlobalCom² builds on.
    case truncated
    /// Rounded to seven decimals first, so that 23.999999999 is 24: transformers.
    case sevenDecimals
  }

  public let rows: Range<Int>
  public let columns: Range<Int>

  public init(crops: Grid, grid: Grid, imageSize: PixelSize, rounding: Rounding) {
    let (allRows, allColumns) = (crops.rows * grid.rows, crops.columns * grid.columns)
    let (width, height) = (Double(imageSize.width), Double(imageSize.height))
    if width / height > Double(allColumns) / Double(allRows) {
      let shown = Self.whole(height * (Double(allColumns) / width), rounding)
      let padding = (allRows - shown) / 2
      rows = padding..<allRows - padding
      columns = 0..<allColumns
    } else {
      let shown = Self.whole(width * (Double(allRows) / height), rounding)
      let padding = (allColumns - shown) / 2
      rows = 0..<allRows
      columns = padding..<allColumns - padding
    }
  }

  private static func whole(_ tokens: Double, _ rounding: Rounding) -> Int {
    switch rounding {
    case .truncated: Int(tokens)
    case .sevenDecimals: Int((tokens * 1e7).rounded(.toNearestOrEven) / 1e7)
    }
  }
}
