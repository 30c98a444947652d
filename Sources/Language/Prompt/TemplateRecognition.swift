/// Finds the known template that a checkpoint's own chat template equals. The template is run on a few conversations,
/// and its text is compared with that of the known ones: two templates that write the same are the same, however they
/// are spelled.
public enum TemplateRecognition {
  /// A recognised template.
  public struct Match: Sendable {
    public let template: any PromptTemplate
    /// Whether it writes a system text as the known one does; others refuse one, or write it in their own way.
    public let takesSystem: Bool
  }

  /// Why a template is not recognised.
  public struct Unknown: Error, Sendable, Hashable {
    public let reason: String
  }

  /// - Parameters:
  ///   - source: the chat template's text.
  ///   - specialTokens: tokens that the template may name: `bos_token`, `eos_token`, …
  ///   - placeholders: what it writes for each kind of picture that must be written.
  public static func recognise(
    _ source: String, specialTokens: [String: String], placeholders: [PictureKind: String] = [.image: "<image>"]
  ) throws(Unknown) -> Match {
    let template: Rendering
    do {
      template = Rendering(
        nodes: try JinjaParser.parse(source), specialTokens: specialTokens, placeholders: placeholders)
    } catch {
      throw Unknown(reason: error.reason)
    }
    let probes = placeholders[.video] == nil ? probes : probes + videoProbes
    do {
      for known in TemplateCatalogue.spellings {
        guard try probes.allSatisfy({ try template.writes($0, as: known) }) else { continue }
        let takesSystem = (try? systemProbes.allSatisfy { try template.writes($0, as: known) }) ?? false
        return Match(template: known, takesSystem: takesSystem)
      }
    } catch let error as JinjaError {
      throw Unknown(reason: error.reason)
    } catch {
      throw Unknown(reason: "\(error)")
    }
    throw Unknown(reason: "it writes a conversation in a way that is not known here")
  }

  /// A conversation to try.
  private struct Probe {
    let turns: [Turn]
    var system: String?
  }

  private static let exchange = [
    Turn(question: "What is this?", pictures: 2, answer: "A ring"), Turn(question: "And that?", pictures: 0),
  ]
  private static let probes = [
    Probe(turns: [Turn(question: "What is this?", pictures: 1)]), Probe(turns: [Turn(question: "Why?", pictures: 0)]),
    Probe(turns: exchange), Probe(turns: exchange.map { Turn(question: $0.question, pictures: 1, answer: $0.answer) }),
  ]
  private static let videoProbes = [
    Probe(turns: [Turn(question: "Where does it go?", pictures: [.image, .video])])
  ]
  private static let systemProbes = [Probe(turns: exchange, system: "Be brief.")]

  private struct Rendering {
    let nodes: [JinjaNode]
    let specialTokens: [String: String]
    let placeholders: [PictureKind: String]

    func writes(_ probe: Probe, as known: any PromptTemplate) throws(JinjaError) -> Bool {
      var names = specialTokens.mapValues { JinjaValue.string($0) }
      names["messages"] = .list(Self.messages(probe))
      names["add_generation_prompt"] = .boolean(true)
      var text = try JinjaRunner.render(nodes, names)
      // If the template writes the start token, the tokenizer does not add it again; the known ones leave it to the
      // tokenizer.
      if let start = specialTokens["bos_token"], text.hasPrefix(start) { text.removeFirst(start.count) }
      return text == known.text(turns: probe.turns, system: probe.system) { placeholders[$0] ?? "" }
    }

    /// In the form that `apply_chat_template` gets: contents are lists, pictures before text.
    private static func messages(_ probe: Probe) -> [JinjaValue] {
      func message(_ role: String, pictures: [PictureKind], _ text: String) -> JinjaValue {
        let parts = pictures.map { JinjaValue.object(["type": .string($0.rawValue)]) }
        return .object([
          "role": .string(role),
          "content": .list(parts + [.object(["type": .string("text"), "text": .string(text)])]),
        ])
      }
      let system = probe.system.map { [message("system", pictures: [], $0)] } ?? []
      return system
        + probe.turns.flatMap { turn in
          [message("user", pictures: turn.pictures, turn.question)]
            + (turn.answer.map { [message("assistant", pictures: [], $0)] } ?? [])
        }
    }
  }
}
