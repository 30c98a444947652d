import Kernels
import Pruning
import TestSupport
import Testing
import VLM

/// What a newcomer types. Transformers gives these answers with the same files, and they are true of the pictures.
@Suite struct `The bundled model understands other words` {
  static let ring: [(String, String)] = [
    ("What colour is the ring?", "green"), ("What color is the ring?", "green"),
    ("what colour is the ring", "green"), ("What's the colour of the ring?", "green"),
    ("Tell me the color of the ring.", "green"), ("Which colour is the ring?", "green"),
    ("What is this?", "a green ring"), ("What do you see?", "a green ring"),
    ("What is in the picture?", "a green ring"), ("Describe the image.", "a green ring"),
    ("How many things are there?", "1"), ("Count the rings.", "1"), ("Is there a ring?", "yes"),
    ("Do you see a red star?", "no"), ("Does the picture contain a green ring?", "yes"),
    ("What shape is the green thing?", "ring"),
  ]
  static let circle: [(String, String)] = [
    ("What is this?", "a yellow circle"), ("Where is the circle?", "top left"),
    ("What's written on the circle?", "9"), ("What colour is the circle?", "yellow"),
  ]
  static let scene: [(String, String)] = [
    ("What colour is the star?", "yellow"), ("Which colour does the star have?", "yellow"),
    ("How many objects do you see?", "6"), ("How many squares are in the picture?", "3"),
    ("Is there a pink cross in the photo?", "yes"), ("Where is the star?", "top left"),
    ("What does the blue circle say?", "1"), ("Is the star to the left of the circle?", "no"),
    ("Is the star over the circle?", "yes"), ("Is the cross under the star?", "yes"),
    ("Is the circle on the left of the star?", "yes"), ("Is the star left or right of the circle?", "right"),
    ("Can you see a purple triangle?", "no"), ("What shape is the yellow item?", "star"),
  ]

  @Test(arguments: [
    ("questions/scenes/0060.png", ring), ("questions/scenes/0003.png", circle), ("images/scene.png", scene),
  ])
  func `and answers as transformers does`(picture: String, questions: [(String, String)]) throws {
    let model = try FamilyCatalogue.load(
      folder: Fixtures.model("shapes-llava").path, name: "shapes-llava", workers: Workers(count: 2))
    let bytes = try readFile(Fixtures.url(picture).path)
    var conversation = Conversation(model: model, setting: try PruningSetting("none", keep: "all"))
    var pictures = [try model.picture(bytes, file: picture)]
    for (question, expected) in questions {
      let answer = try conversation.ask(question, newPictures: pictures)
      #expect(answer.text == expected, "\(picture): \(question)")
      conversation.forgetTurns()
      pictures = []
    }
  }
}
