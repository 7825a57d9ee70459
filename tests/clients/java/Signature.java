import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.function.UnaryOperator;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Signatures of Standard Webhooks: HMAC-SHA256 of `id.timestamp.body`, not older than five minutes. */
final class Signature {
  private static final Duration TOLERANCE = Duration.ofMinutes(5);

  private Signature() {}

  static boolean verify(String secret, UnaryOperator<String> header, byte[] body) {
    try {
      String id = header.apply("webhook-id");
      long sent = Long.parseLong(header.apply("webhook-timestamp"));
      Duration age = Duration.between(Instant.ofEpochSecond(sent), Instant.now()).abs();
      byte[] expected = sign(secret, id + "." + sent + ".", body);
      return age.compareTo(TOLERANCE) <= 0 && isAmong(header.apply("webhook-signature"), expected);
    } catch (NumberFormatException | NullPointerException | GeneralSecurityException error) {
      return false;
    }
  }

  private static byte[] sign(String secret, String head, byte[] body) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(Base64.getDecoder().decode(secret.substring("whsec_".length())), "HmacSHA256"));
    mac.update(head.getBytes(StandardCharsets.UTF_8));
    return mac.doFinal(body);
  }

  private static boolean isAmong(String signatures, byte[] expected) {
    String ours = "v1," + Base64.getEncoder().encodeToString(expected);
    boolean found = false;
    for (String one : signatures.split(" ")) {
      found |= MessageDigest.isEqual(
          one.getBytes(StandardCharsets.UTF_8), ours.getBytes(StandardCharsets.UTF_8));
    }
    return found;
  }
}
