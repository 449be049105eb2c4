require "set"

# Graphs with named nodes.
module Graphs
  class Cycle < StandardError; end

  class Graph
    attr_reader :edges

    def initialize(edges = {})
      @edges = Hash.new { |hash, key| hash[key] = Set.new }
      edges.each { |from, to| connect(from, *to) }
    end

    def connect(from, *targets)
      targets.each { |target| @edges[from] << target }
      self
    end

    # Depth first; raises where the graph goes round.
    def sorted
      marks = {}
      order = []
      visit = lambda do |node|
        case marks[node]
        when :done then next
        when :open then raise Cycle, "through #{node}"
        end
        marks[node] = :open
        @edges[node].each(&visit) if @edges.key?(node)
        marks[node] = :done
        order.unshift(node)
      end
      @edges.keys.each(&visit)
      order
    end

    def path?(from, to, seen = Set.new)
      return true if from == to
      return false unless seen.add?(from)

      @edges.fetch(from, []).any? { |node| path?(node, to, seen) }
    end
  end

  def self.load(text)
    text.each_line.with_object(Graph.new) do |line, graph|
      from, to = line.chomp.split(/\s*->\s*/, 2)
      graph.connect(from.to_sym, to.to_sym) unless to.nil? || from.empty?
    end
  rescue ArgumentError => error
    warn "not a graph: #{error.message}"
    Graph.new
  end
end
