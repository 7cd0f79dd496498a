import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * An order service as one finds it in trouble: each visit opens a session, and nobody ever closes one.
 *
 * <p>Usage: {@code java Leak <heap to fill, MB> <seconds to live>}. Prints {@code ready} once the cache is that full,
 * and from the start {@code pause 243 ms at 2026-01-01T00:00:00Z} for each time that everything stood still for more
 * than 15 ms. Ends by itself with exit code 0; 2 if the arguments are wrong.
 */
public final class Leak {
  private static final long STALL_MS = 15;
  private static final int TICK_MS = 2;

  public static void main(String[] args) throws InterruptedException {
    if (args.length != 2) {
      System.err.println("usage: java Leak <heap to fill, MB> <seconds to live>");
      System.exit(2);
    }
    long heapBytes = Long.parseLong(args[0]) << 20;
    Instant end = Instant.now().plus(Duration.ofSeconds(Long.parseLong(args[1])));

    // First, so that its own classes are loaded before there is anything to measure.
    Thread watch = new Thread(Leak::reportStalls, "stall-watch");
    watch.setDaemon(true);
    watch.start();

    Shop shop = new Shop();
    while (shop.sessions.approximateBytes() < heapBytes) shop.visit();
    System.out.println("ready");
    while (Instant.now().isBefore(end)) {
      shop.visit();
      Thread.sleep(100);
    }
    System.out.println("closed with " + shop.sessions.size() + " sessions open");
  }

  private static void reportStalls() {
    long last = System.nanoTime();
    while (true) {
      try {
        Thread.sleep(TICK_MS);
      } catch (InterruptedException e) {
        return;
      }
      long now = System.nanoTime();
      long stallMs = (now - last) / 1_000_000 - TICK_MS;
      if (stallMs > STALL_MS) System.out.println("pause " + stallMs + " ms at " + Instant.now());
      // After printing: a slow terminal is no stall.
      last = System.nanoTime();
    }
  }
}

/** Takes orders of made-up customers, always the same ones. */
final class Shop {
  private static final String[] GOODS = {"teapot", "lamp", "atlas", "kite", "kettle", "globe", "violin", "compass"};

  final SessionCache sessions = new SessionCache();
  private final Random random = new Random(42);
  private long visits;

  void visit() {
    visits++;
    Customer customer = new Customer(visits, "customer-" + visits + "@shop.example", randomHex(16));
    List<CartLine> cart = new ArrayList<>();
    for (int i = 0; i < 4; i++) cart.add(new CartLine(GOODS[random.nextInt(GOODS.length)] + "-" + i, 1 + i, 1999L * i));
    // Half of it compresses well, as real pages do.
    byte[] page = new byte[4096];
    byte[] noise = new byte[page.length / 2];
    random.nextBytes(noise);
    System.arraycopy(noise, 0, page, 0, noise.length);
    sessions.put(new Session("session-" + visits + "-" + randomHex(8), customer, cart, page));
  }

  private String randomHex(int bytes) {
    StringBuilder hex = new StringBuilder();
    for (int i = 0; i < bytes; i++) hex.append(Character.forDigit(random.nextInt(16), 16));
    return hex.toString();
  }
}

/** The leak: what is put here stays. */
final class SessionCache {
  /** Measured with GC.class_histogram (JDK 17, compressed oops): the page, and some twenty small objects around it. */
  private static final long BYTES_PER_SESSION = 4_820;

  private final Map<String, Session> open = new HashMap<>();

  void put(Session session) {
    open.put(session.id, session);
  }

  int size() {
    return open.size();
  }

  long approximateBytes() {
    return open.size() * BYTES_PER_SESSION;
  }
}

final class Session {
  final String id;
  final Customer customer;
  final List<CartLine> cart;
  final byte[] lastPage;

  Session(String id, Customer customer, List<CartLine> cart, byte[] lastPage) {
    this.id = id;
    this.customer = customer;
    this.cart = cart;
    this.lastPage = lastPage;
  }
}

final class Customer {
  final long number;
  final String email;
  final String cardToken;

  Customer(long number, String email, String cardToken) {
    this.number = number;
    this.email = email;
    this.cardToken = cardToken;
  }
}

final class CartLine {
  final String article;
  final int count;
  final long cents;

  CartLine(String article, int count, long cents) {
    this.article = article;
    this.count = count;
    this.cents = cents;
  }
}
