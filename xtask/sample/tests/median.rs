use median::median;

#[test]
fn of_an_odd_number_of_values_is_the_one_in_the_middle() {
    assert_eq!(median(&[9.0, 1.0, 3.0]), Some(3.0));
}

#[test]
fn of_an_even_number_of_values_lies_between_the_two_in_the_middle() {
    assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
}

#[test]
fn of_no_values_is_none() {
    assert_eq!(median(&[]), None);
}
