using System;
using System.Collections.Generic;
using System.Linq;

namespace Shop.Orders
{
    public enum State { Open, Paid, Sent }

    public record Line(string Article, int Count, decimal Price)
    {
        public decimal Total => Count * Price;
    }

    public sealed class Order
    {
        private readonly List<Line> _lines = new();

        public Order(int number)
        {
            Number = number;
        }

        public int Number { get; }
        public State State { get; private set; } = State.Open;

        public void Add(Line line)
        {
            if (line is null || line.Count <= 0)
            {
                throw new ArgumentException("a line needs a count", nameof(line));
            }
            _lines.Add(line);
        }

        public decimal Total(Func<decimal, decimal>? discount = null)
        {
            var sum = _lines.Sum(line => line.Total);
            return discount?.Invoke(sum) ?? sum;
        }

        public bool Advance()
        {
            switch (State)
            {
                case State.Open when _lines.Count > 0:
                    State = State.Paid;
                    return true;
                case State.Paid:
                    State = State.Sent;
                    return true;
                default:
                    return false;
            }
        }

        public IEnumerable<string> Describe()
        {
            foreach (var line in _lines)
            {
                yield return $"{line.Count} × {line.Article}: {line.Total:F2}";
            }
        }
    }
}
