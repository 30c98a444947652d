/// Where rows of a picture stand in a prompt.
public struct PictureSpan: Sendable, Hashable {
  /// Which picture.
  public let picture: Int
  /// In the prompt.
  public let rows: Range<Int>
  /// Of what is sent of the picture.
  public let ofPicture: Range<Int>

  public init(picture: Int, rows: Range<Int>, ofPicture: Range<Int>) {
    self.picture = picture
    self.rows = rows
    self.ofPicture = ofPicture
  }
}
