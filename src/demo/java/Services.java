/**
 * The services of the demo's cluster: each is {@link Leak} under a name of its own, and says once a second how full its
 * heap is, as {@code heap OrderService 141 of 336 MB}, where that has changed.
 */
final class Services {
  private static final long EVERY_MS = 1000;

  static void run(Class<?> service, String[] args) throws InterruptedException {
    Thread report = new Thread(() -> reportHeap(service.getSimpleName()), "heap-report");
    report.setDaemon(true);
    report.start();
    Leak.main(args);
  }

  private static void reportHeap(String name) {
    Runtime memory = Runtime.getRuntime();
    String last = "";
    while (true) {
      long usedBytes = memory.totalMemory() - memory.freeMemory();
      String line = "heap " + name + " " + (usedBytes >> 20) + " of " + (memory.maxMemory() >> 20) + " MB";
      if (!line.equals(last)) System.out.println(line);
      last = line;
      try {
        Thread.sleep(EVERY_MS);
      } catch (InterruptedException e) {
        return;
      }
    }
  }
}

final class OrderService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(OrderService.class, args);
  }
}

final class CheckoutService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(CheckoutService.class, args);
  }
}

final class ReportWorker {
  public static void main(String[] args) throws InterruptedException {
    Services.run(ReportWorker.class, args);
  }
}

final class LedgerService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(LedgerService.class, args);
  }
}

final class MailService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(MailService.class, args);
  }
}

final class VaultService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(VaultService.class, args);
  }
}

final class SearchService {
  public static void main(String[] args) throws InterruptedException {
    Services.run(SearchService.class, args);
  }
}
